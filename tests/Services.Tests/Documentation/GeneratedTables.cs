using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ForgeShop.Api;
using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.ServiceDefaults;
using ForgeShop.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>The tables of the documents that repeat the code, by the names of their blocks.</summary>
internal static partial class GeneratedTables
{
    private static readonly IReadOnlyDictionary<string, Assembly> Services = ServiceAssemblies.All;

    /// <summary>The tags of a service's endpoints in the OpenAPI document, if they are not its name.</summary>
    private static readonly Dictionary<string, string[]> Tags = new()
    {
        ["Gateway"] = ["IDs"],
        ["Inventory"] = ["Products"],
        ["Reporting"] = ["Reports", "Audit", "Correlations"],
    };

    private static readonly Assembly[] Shared =
    [
        typeof(AuthenticationSettings).Assembly, typeof(MessagingOptions).Assembly, typeof(CacheOptions).Assembly,
        typeof(ForgeIds).Assembly,
    ];

    /// <summary>The service on Node.js; its contracts name the messages that it publishes and consumes.</summary>
    private const string Foreign = "Recommendations";

    private static string ForeignContracts { get; } =
        File.ReadAllText(Path.Combine(Repository.Root, "services", "recommendations", "src", "contracts.ts"));

    private static IReadOnlyList<Type> Messages { get; } =
        [.. typeof(IEventData).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEventData)))];

    /// <summary>Returns the content of each block.</summary>
    public static IReadOnlyDictionary<string, string> All()
    {
        var (settings, calls) = (Settings(), Calls());
        var blocks = new Dictionary<string, string>
        {
            ["events"] = Table(
                ["Message", "Topic", "Key", "Producer", "Consumers", "Version"],
                from message in Messages
                orderby Array.IndexOf([.. Topics.All], Topic(message))
                select (string[])
                    [$"`{Name(message)}`", $"`{Topic(message)}`", Key(message), Producer(message), Consumers(message), Version(message)]),
            ["settings"] = Table(
                ["Setting", "Default", "Meaning", "Used by"],
                settings.Select(setting => (string[])[setting.Name, setting.Default, setting.Meaning, setting.Owner])),
            ["metrics"] = Table(["Metric", "Kind", "Unit", "Meaning"], Metrics()),
            ["permissions"] = Table(["Permission", "Customers", "Administrators", "Calls"], PermissionRows(calls)),
            ["error-codes"] = Table(["Code", "Status", "Calls"], ErrorCodes(calls)),
            ["order-states"] = OrderStates(),
            ["endpoints"] = Table(["Call", "Permission", "Effect"], calls.Select(call => call.Row)),
        };
        foreach (var service in Services.Keys)
        {
            var tags = Tags.GetValueOrDefault(service, [service]);
            var name = service.ToLowerInvariant();
            blocks[name + "-events"] = Table(
                ["Direction", "Message", "Topic", "Meaning"],
                Messages.Where(message => Producer(message) == service).Select(message => MessageRow("publishes", message))
                    .Concat(Messages.Where(message => Consumers(message).Split(", ").Contains(service))
                        .Select(message => MessageRow("consumes", message))));
            blocks[name + "-settings"] = Table(
                ["Setting", "Default", "Meaning"],
                settings.Where(setting => setting.Owner == service)
                    .Select(setting => (string[])[setting.Name, setting.Default, setting.Meaning]));
            blocks[name + "-endpoints"] = Table(
                ["Call", "Permission", "Effect"], calls.Where(call => tags.Contains(call.Tag)).Select(call => call.Row));
        }

        return blocks;
    }

    private static string[] MessageRow(string direction, Type message) =>
        [direction, $"`{Name(message)}`", $"`{Topic(message)}`", XmlDocs.Summary(message)];

    private static string Name(Type message) => Static<string>(message, "Type")!;

    private static string Topic(Type message) => Static<string>(message, "Topic")!;

    private static string Version(Type message) => $"{Static<int?>(message, "DataVersion") ?? 1}";

    /// <summary>Returns the entity whose ID is the message's key: the first member of every message.</summary>
    private static string Key(Type message) =>
        message.GetConstructors()[0].GetParameters()[0].ParameterType.Name.Replace("Id", "", StringComparison.Ordinal).ToLowerInvariant();

    /// <summary>Returns the service whose Program.cs declares the message's topic; each topic has one producer.</summary>
    private static string Producer(Type message) =>
        Services.Keys.SingleOrDefault(service => Names(Publish(), service, message))
        ?? (ForeignContracts.Contains($"'{Name(message)}'", StringComparison.Ordinal) ? Foreign : "none");

    private static string Consumers(Type message)
    {
        var producer = Producer(message);
        var consumers = Services.Where(service => service.Value.GetTypes().Any(type => Handles(type, message)))
            .Select(service => service.Key)
            .Concat(Services.Keys.Where(service => Names(HandleAll(), service, message)));
        if (producer != Foreign && ForeignContracts.Contains($"'{Name(message)}'", StringComparison.Ordinal))
            consumers = consumers.Append(Foreign);
        return string.Join(", ", consumers.Distinct().Order(StringComparer.Ordinal).DefaultIfEmpty("none"));
    }

    /// <summary>Returns whether a call in the service's Program.cs names the message's topic.</summary>
    private static bool Names(Regex call, string service, Type message)
    {
        var topic = typeof(Topics).GetFields().Single(field => (string?)field.GetRawConstantValue() == Topic(message)).Name;
        return call.Matches(File.ReadAllText(Program(service)))
            .Any(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries).Contains($"Topics.{topic}"));
    }

    private static bool Handles(Type type, Type message) => type.IsAssignableTo(typeof(IBatchHandler<>).MakeGenericType(message));

    private static T? Static<T>(Type type, string property) =>
        (T?)type.GetProperty(property, BindingFlags.Public | BindingFlags.Static)?.GetValue(null);

    private sealed record Setting(string Name, string Default, string Meaning, string Owner);

    /// <summary>Reads the bindings of options from the sources, and the properties from the types.</summary>
    private static List<Setting> Settings()
    {
        var settings = new List<Setting>();
        foreach (var (folder, owner) in Services.Keys.Select(service => (Path.Combine("services", service), service))
            .Append((Path.Combine("shared", "Messaging"), "services with an outbox or inbox"))
            .Append((Path.Combine("shared", "Caching"), "services with a cache"))
            .Append(("ServiceDefaults", "every service")))
        {
            foreach (
                var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories).Order())
            {
                foreach (Match binding in Binding().Matches(File.ReadAllText(file)))
                {
                    var type = Services.Values.Concat(Shared)
                        .SelectMany(assembly => assembly.GetTypes())
                        .SingleOrDefault(candidate => candidate.Name == binding.Groups["type"].Value);
                    if (type is not null)
                        settings.AddRange(
                            SettingsOf(type, binding.Groups["section"].Value is { Length: > 0 } name ? name : SectionOf(type), owner));
                }
            }
        }

        return [.. settings.OrderBy(setting => setting.Owner == "every service" ? "" : setting.Owner, StringComparer.Ordinal)];

        static string SectionOf(Type type) => (string)type.GetField("Section")!.GetRawConstantValue()!;
    }

    private static IEnumerable<Setting> SettingsOf(Type type, string section, string owner)
    {
        var defaults = Activator.CreateInstance(type)!;
        return type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite)
            .Select(property => new Setting(
                $"`{section}:{property.Name}`", Value(property.GetValue(defaults)), XmlDocs.Summary(property), owner));
    }

    private static string Value(object? value) => value switch
    {
        null or "" => "",
        string or Uri => $"`{value}`",
        bool flag => flag ? "`true`" : "`false`",
        System.Collections.IEnumerable => "",
        TimeSpan { Milliseconds: not 0 } time => $"`{time.ToString("c", CultureInfo.InvariantCulture).TrimEnd('0')}`",
        IFormattable number => $"`{number.ToString(null, CultureInfo.InvariantCulture)}`",
        _ => $"`{value}`",
    };

    /// <summary>Creates every type that has the meters of a service, and listens to what it declares.</summary>
    private static List<string[]> Metrics()
    {
        var rows = new List<string[]>();
        using var services = new ServiceCollection().AddForgeIds(new ConfigurationBuilder().Build()).BuildServiceProvider();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Scope is IMeterFactory factory && factory == services.GetRequiredService<IMeterFactory>())
                rows.Add(
                    [$"`{instrument.Name}`", instrument.GetType().Name.Split('`')[0], $"`{instrument.Unit}`", instrument.Description
                        ?? ""]);
        };
        listener.Start();
        services.GetRequiredService<ForgeIds>();
        foreach (var type in Services.Values.Concat(Shared).SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.GetConstructors().Any(HasMeters) && services.GetService(type) is null))
        {
            ActivatorUtilities.CreateInstance(services, type);
        }

        return [.. rows.OrderBy(row => row[0], StringComparer.Ordinal)];

        static bool HasMeters(ConstructorInfo constructor) =>
            constructor.GetParameters().Any(parameter => parameter.ParameterType == typeof(IMeterFactory));
    }

    private sealed record Call(
        string Name, string Tag, IReadOnlyList<string> Permissions, IReadOnlyList<(string Code, string Status)> Errors, string[] Row);

    /// <summary>Reads docs/openapi/v1.json, which <see cref="OpenApiTests"/> compares with the services.</summary>
    private static List<Call> Calls()
    {
        var document = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "openapi", "v1.json")))!;
        return [.. from path in document["paths"]!.AsObject() from operation in path.Value!.AsObject() select Read(path.Key, operation)];

        static Call Read(string path, KeyValuePair<string, JsonNode?> operation)
        {
            var (method, call) = (operation.Key.ToUpperInvariant(), operation.Value!);
            var permissions = call["security"]?.AsArray().Select(scheme => (string)scheme!["bearer"]![0]!).ToList() ?? [];
            var errors = from response in call["responses"]!.AsObject()
                         let codes = Codes().Match((string?)response.Value!["description"] ?? "")
                         where codes.Success
                         from code in codes.Groups[1].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)
                         select (code, response.Key);
            return new(
                (string)call["operationId"]!, (string)call["tags"]![0]!, permissions, [.. errors],
                [
                    $"`{method} {path}`", permissions.Count == 0 ? "none" : string.Join(" or ", permissions.Select(name => $"`{name}`")),
                    (string)call["summary"]!,
                ]);
        }
    }

    private static IEnumerable<string[]> PermissionRows(IReadOnlyList<Call> calls) =>
        from constant in typeof(Permissions).GetFields(BindingFlags.Public | BindingFlags.Static)
        let name = (string)constant.GetRawConstantValue()!
        let used = calls.Where(call => call.Permissions.Contains(name)).Select(call => call.Name)
        select (string[])
        [
            $"`{name}`", Permissions.OfCustomers.Contains(name) ? "yes" : "", Permissions.OfAdministrators.Contains(name) ? "yes" : "",
            string.Join(", ", used),
        ];

    private static IEnumerable<string[]> ErrorCodes(IReadOnlyList<Call> calls) =>
        from error in calls.SelectMany(call => call.Errors.Distinct().Select(error => (error.Code, error.Status, call.Name)))
        group error.Name by (error.Code, error.Status) into users
        orderby users.Key.Status, users.Key.Code
        let count = users.Count()
        select (string[])
            [$"`{users.Key.Code}`", users.Key.Status, count > 5 ? $"{count} calls" : string.Join(", ", users)];

    private static string Table(IReadOnlyList<string> header, IEnumerable<string[]> rows)
    {
        var lines = rows.Select(row => $"| {string.Join(" | ", row)} |").ToList();
        return lines.Count == 0
            ? "None." : $"| {string.Join(" | ", header)} |\n|{string.Concat(header.Select(_ => "---|"))}\n{string.Join('\n', lines)}";
    }

    private static string OrderStates()
    {
        var arrows = from before in Enum.GetValues<OrderStatus>()
                     from after in Enum.GetValues<OrderStatus>()
                     where before.MayBecome(after)
                     select $"    {before} --> {after}";
        return $"```mermaid\nstateDiagram-v2\n    [*] --> Pending\n{string.Join('\n', arrows)}\n```";
    }

    private static string Program(string service) => Path.Combine(Repository.Root, "services", service, "Program.cs");

    [GeneratedRegex(@"\.Publish\(([^)]*)\)")]
    private static partial Regex Publish();

    [GeneratedRegex(@"\.HandleAll<\w+>\(([^)]*)\)")]
    private static partial Regex HandleAll();

    [GeneratedRegex(
        @"AddOptions<(?<type>\w+)>\(\)(?:\s*\.Configure\([^;]*?\))?\s*\.BindConfiguration\((?:""(?<section>[\w:]+)""|\w+\.Section)\)")]
    private static partial Regex Binding();

    [GeneratedRegex(@"^Error codes: (.*)\.$")]
    private static partial Regex Codes();
}

using System.Reflection;
using System.Text.RegularExpressions;
using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Messaging;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Users;

namespace ForgeShop.Services.Tests;

/// <summary>Compares docs/events.md with the contracts and with the handlers of the services.</summary>
public sealed partial class EventDocumentationTests
{
    private static readonly Dictionary<string, Assembly> Services = new()
    {
        ["Users"] = typeof(UsersDb).Assembly,
        ["Orders"] = typeof(OrdersDb).Assembly,
        ["Inventory"] = typeof(InventoryDb).Assembly,
        ["Payments"] = typeof(PaymentsDb).Assembly,
        ["Notifications"] = typeof(NotificationsDb).Assembly,
    };

    private static IEnumerable<Type> Messages => typeof(IEventData).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEventData)));

    [Fact]
    public void Events_document_lists_exactly_the_messages_of_the_code()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "events.md"));
        var documented = Row().Matches(document).Select(row => string.Join(" | ", row.Groups.Values.Skip(1)));

        documented.Order(StringComparer.Ordinal).ShouldBe(Messages.Select(Describe).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Names_consist_of_the_context_and_the_name_of_the_contract()
    {
        foreach (var message in Messages)
            Static<string>(message, "Type").ShouldMatch($"^(users|orders|inventory|payments|notifications|recommendations)\\.{Kebab(message.Name)}$");
    }

    private static string Describe(Type message)
    {
        var topic = Static<string>(message, "Topic");
        var consumers = Services.Where(service => service.Value.GetTypes().Any(type => Handles(type, message))).Select(service => service.Key);
        // Recommendations is written in another language; its own tests publish these events to it.
        if (topic == Topics.OrderEvents)
            consumers = consumers.Append("Recommendations");
        // Reporting handles whole topics, those of events on which its read models depend.
        if (!message.IsAssignableTo(typeof(ICommandData)) && topic != Topics.RecommendationEvents)
            consumers = consumers.Append("Reporting");
        var version = message.GetProperty("DataVersion", BindingFlags.Public | BindingFlags.Static)?.GetValue(null) ?? 1;
        return $"{Static<string>(message, "Type")} | {topic} | {string.Join(", ", consumers.Order(StringComparer.Ordinal).DefaultIfEmpty("none"))} | {version}";
    }

    private static bool Handles(Type type, Type message) =>
        type.IsAssignableTo(typeof(IEventHandler<>).MakeGenericType(message)) || type.IsAssignableTo(typeof(IBatchHandler<>).MakeGenericType(message));

    private static T Static<T>(Type type, string property) => (T)type.GetProperty(property, BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;

    private static string Kebab(string name) => Capital().Replace(name, "-$1").TrimStart('-').ToLowerInvariant();

    [GeneratedRegex(@"^\| `([^`]+)` \| `([^`]+)` \| \w+ \| \w+ \| ([^|]+) \| (\d+) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("([A-Z])")]
    private static partial Regex Capital();
}

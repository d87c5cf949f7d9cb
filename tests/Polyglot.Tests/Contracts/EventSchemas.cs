using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Forge;

namespace ForgeShop.Polyglot.Tests;

/// <summary>The JSON Schema of every event and command, as System.Text.Json reads and writes it.</summary>
internal static class EventSchemas
{
    private const string UuidPattern = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$";

    /// <summary>Gets the classes of the events and commands.</summary>
    public static IReadOnlyList<Type> Events { get; } =
    [
        .. typeof(IEventData).Assembly.GetTypes().Where(type => type.IsClass && type.IsAssignableTo(typeof(IEventData)))
            .OrderBy(TypeOf, StringComparer.Ordinal),
    ];

    public static string TypeOf(Type data) => Static<string>(data, nameof(IEventData.Type));

    public static string TopicOf(Type data) => Static<string>(data, nameof(IEventData.Topic));

    public static int VersionOf(Type data) =>
        data.GetProperty(nameof(IEventData.DataVersion), BindingFlags.Public | BindingFlags.Static)?.GetValue(null) as int? ?? 1;

    /// <summary>
    /// Returns one document with a definition for each class; <c>x-type</c>, <c>x-topic</c> and <c>x-version</c> describe an event.
    /// </summary>
    public static JsonObject Generate()
    {
        var definitions = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal)
        {
            ["Instant"] = new JsonObject
            {
                ["description"] = "An instant of RFC 3339 with any offset; without one it is UTC. "
                    + "Readers keep microseconds, or at least milliseconds, rounded down.",
                ["type"] = "string",
            },
            ["Money"] = new JsonObject
            {
                ["description"] = "An amount in a currency of ISO 4217: digits with at most the decimals of the currency, "
                    + "never negative, no number.",
                ["type"] = "object",
                ["properties"] = new JsonObject
                {
                    ["amount"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9]{1,15}([.][0-9]{1,4})?$" },
                    ["currency"] = new JsonObject { ["type"] = "string", ["pattern"] = "^[A-Z]{3}$" },
                },
                ["required"] = new JsonArray("amount", "currency"),
            },
            ["Uuid"] = new JsonObject
            {
                ["description"] = "The 36 characters of a UUID; writers use lower case.",
                ["type"] = "string",
                ["pattern"] = UuidPattern,
            },
        };
        var options = new JsonSchemaExporterOptions { TreatNullObliviousAsNonNullable = true, TransformSchemaNode = Transform };
        foreach (var data in Events)
        {
            var schema = ContractsJson.Options.GetJsonSchemaAsNode(data, options).AsObject();
            (schema["x-type"], schema["x-topic"], schema["x-version"]) = (TypeOf(data), TopicOf(data), VersionOf(data));
            definitions[data.Name] = schema;
        }

        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["$id"] = "https://forgeshop.example/events",
            ["description"] = "The data of the events and commands, generated from shared/Contracts. Readers ignore unknown members.",
            ["$defs"] = new JsonObject(definitions.Select(each => KeyValuePair.Create<string, JsonNode?>(each.Key, each.Value))),
        };

        // What has a converter of its own, and what is used in several places, becomes a definition.
        JsonNode Transform(JsonSchemaExporterContext context, JsonNode node)
        {
            var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
            if (type == typeof(Money) || type == typeof(DateTimeOffset) || type == typeof(Guid))
                return Reference(type == typeof(DateTimeOffset) ? "Instant" : type == typeof(Guid) ? "Uuid" : "Money");
            if (type.GetInterfaces().Any(each => each.IsGenericType && each.GetGenericTypeDefinition() == typeof(ITypedId<>)))
                definitions[type.Name] = Reference("Uuid");
            else if (context.TypeInfo.Kind is JsonTypeInfoKind.Object && !context.Path.IsEmpty)
                definitions[type.Name] = node;
            else
                return node;
            return Reference(type.Name);

            JsonNode Reference(string name)
            {
                var reference = new JsonObject { ["$ref"] = $"#/$defs/{name}" };
                return context.TypeInfo.Type == type
                    ? reference
                    : new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) };
            }
        }
    }

    private static T Static<T>(Type type, string property) =>
        (T)type.GetProperty(property, BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
}

using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using Uuid = ForgeShop.Forge.Uuid;

namespace ForgeShop.Polyglot.Tests;

/// <summary>Messages in the form of Kafka, and the result of reading them. The bytes are the UTF-8 of the texts.</summary>
internal static class EventVectors
{
    private const string TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static readonly ForgeIds Ids = new();
    private static readonly CorrelationId Correlation = Ids.Correlation("ada@example.com", "place-order", "cart-1");
    private static readonly EventId Causation = Ids.Event(Ids.User("ada@example.com").Value, UserRegistered.Type, 1);

    // Of each header the texts that make the message unreadable, of which the last counts; none removes the header.
    private static readonly (string Header, string[] Texts)[] Refused =
    [
        ("ce_id", []), ("ce_id", ["00112233-4455-5677-8899-aabbccddeeff"]), ("ce_id", ["+0112233-4455-5677-8899-aabbccddeeff"]),
        ("ce_id", ["{7e558d62-0221-5a98-9949-a65bfd2da23e}"]),
        ("ce_subject", ["someone"]), ("ce_subject", []), ("ce_sequence", []), ("ce_sequence", ["0"]), ("ce_sequence", ["7"]),
        ("ce_sequence", ["+1"]), ("ce_sequence", ["1.0"]), ("ce_sequence", ["one"]), ("ce_sequence", [" 1"]), ("ce_sequence", ["\u0661"]),
        ("ce_sequence", ["9223372036854775808"]), ("ce_sequence", ["1", "7"]), ("ce_sequence", ["1", "1\n"]),
        ("ce_specversion", []), ("ce_specversion", ["0.3"]), ("ce_specversion", ["1.0 "]),
        ("ce_dataversion", ["x"]), ("ce_dataversion", ["0"]), ("ce_dataversion", [""]), ("ce_dataversion", ["9223372036854775808"]),
        ("ce_type", []), ("ce_type", [""]), ("ce_type", ["orders.order-lost"]), ("ce_type", ["orders.order-placed\u0085"]),
    ];

    // What only explains an event is dropped where it cannot be read.
    private static readonly (string Header, string[] Texts)[] Tolerated =
    [
        ("ce_correlationid", ["checkout-4711"]), ("ce_correlationid", []), ("ce_causationid", ["the request"]), ("ce_source", []),
        ("ce_source", ["/orders\t"]),
        ("ce_dataversion", []), ("ce_dataversion", ["\u007f"]), ("ce_dataversion", ["007"]), ("ce_unknown", ["x"]),
        ("content-type", ["text/plain"]),
        ("ce_time", ["2026-11-21T10:00:00.123456+02:00"]), ("ce_time", []), ("ce_time", ["yesterday"]),
        ("ce_time", ["11/21/2026 08:00:00"]), ("ce_time", ["2026-11-21"]), ("ce_time", ["2027-02-29T00:00:00Z"]),
        ("ce_subject", ["7E558D62-0221-5A98-9949-A65BFD2DA23E"]),
        ("ce_sequence", ["7", "1"]), ("ce_sequence", ["01"]),
    ];

    public static JsonObject Generate()
    {
        var order = SampleEvents.All.First(sample => sample.Data is OrderPlaced);
        return new()
        {
            ["events"] = new JsonArray([.. SampleEvents.All.Select(Vector)]),
            ["tolerated"] = new JsonArray(
                [.. Tolerated.Select(change => Changed(order, change, new() { ["attributes"] = Attributes(With(Write(order), change)) }))]),
            ["refused"] = new JsonArray([.. Refused.Select(change =>
            {
                Should.Throw<UnreadableMessageException>(() => Read(With(Write(order), change)), $"{change}");
                return Changed(order, change, new() { ["error"] = true });
            })]),
        };
    }

    private static JsonObject Vector(SampleEvent sample)
    {
        var message = Write(sample);
        var values = new JsonObject();
        Walk(sample.Data, "", values);
        return new()
        {
            ["type"] = EventSchemas.TypeOf(sample.Data.GetType()), ["topic"] = EventSchemas.TopicOf(sample.Data.GetType()),
            ["key"] = Encoding.UTF8.GetString(message.Key!), ["headers"] = Headers(message),
            ["body"] = Encoding.UTF8.GetString(message.Value!), ["attributes"] = Attributes(message), ["values"] = values,
        };
    }

    private static JsonObject Changed(SampleEvent sample, (string Header, string[] Texts) change, JsonObject expected)
    {
        var vector = new JsonObject
        {
            ["change"] = $"{change.Header}: {(change.Texts is [] ? "missing" : string.Join(" and then ", change.Texts))}",
            ["headers"] = Headers(With(Write(sample), change)),
        };
        foreach (var (name, value) in expected.ToList())
            vector[name] = value!.DeepClone();
        return vector;
    }

    private static Message<byte[]?, byte[]?> Write(SampleEvent sample)
    {
        var type = sample.Data.GetType();
        var outbox = new OutboxMessage
        {
            EventId = Ids.Event(sample.Subject, EventSchemas.TypeOf(type), sample.Sequence), Topic = EventSchemas.TopicOf(type),
            Type = EventSchemas.TypeOf(type),
            Subject = sample.Subject, Sequence = sample.Sequence, Version = EventSchemas.VersionOf(type),
            Payload = JsonSerializer.Serialize(sample.Data, type, ContractsJson.Options),
            OccurredAt = SampleEvents.At("2026-11-21T08:00:00.123456Z"), Origin = new(Causation, Correlation, TraceParent, null),
        };
        return CloudEvents.Write(outbox, sample.Source, outbox.Origin);
    }

    private static Message<byte[]?, byte[]?> With(Message<byte[]?, byte[]?> message, (string Header, string[] Texts) change)
    {
        message.Headers.Remove(change.Header);
        foreach (var text in change.Texts)
            message.Headers.Add(change.Header, Encoding.UTF8.GetBytes(text));
        return message;
    }

    private static EventContext Read(Message<byte[]?, byte[]?> message) =>
        CloudEvents.Read(new ConsumeResult<byte[]?, byte[]?> { Message = message, Topic = "t", Partition = 0, Offset = 0 }, "c", Ids);

    private static JsonArray Headers(Message<byte[]?, byte[]?> message) =>
        new([.. message.Headers.Select(header => (JsonNode)new JsonArray(header.Key, Encoding.UTF8.GetString(header.GetValueBytes())))]);

    private static JsonObject Attributes(Message<byte[]?, byte[]?> message)
    {
        var read = Read(message);
        return new()
        {
            ["id"] = $"{read.Id}", ["type"] = read.Type, ["source"] = read.Source, ["subject"] = Uuid.ToText(read.Subject),
            ["sequence"] = $"{read.Sequence}",
            ["time"] = read.Time == message.Timestamp.UtcDateTime ? null : $"{ValueVectors.Microseconds(read.Time)}",
            ["dataVersion"] = read.DataVersion,
            ["correlationId"] = read.Cause.CorrelationId?.ToString(), ["causationId"] = read.Cause.CausationId?.ToString(),
        };
    }

    /// <summary>Writes the meaning of each value in the body, by its JSON pointer.</summary>
    private static void Walk(object value, string pointer, JsonObject values)
    {
        switch (value)
        {
            case string text when pointer.EndsWith("/sku", StringComparison.Ordinal):
                values[pointer] = new JsonObject { ["sku"] = text };
                break;
            case string text:
                values[pointer] = new JsonObject { ["text"] = text };
                break;
            case int or long:
                values[pointer] = new JsonObject { ["quantity"] = Convert.ToInt32(value,
                    System.Globalization.CultureInfo.InvariantCulture) };
                break;
            case DateTimeOffset instant:
                values[pointer] = new JsonObject { ["epochMicroseconds"] = $"{ValueVectors.Microseconds(instant)}" };
                break;
            case Money money:
                values[pointer] = new JsonObject { ["currency"] = money.Currency, ["minorUnits"] = ValueVectors.MinorUnits(money) };
                break;
            case var _ when value.GetType().IsValueType:
                values[pointer] = new JsonObject { ["id"] = $"{value}" };
                break;
            case System.Collections.IEnumerable items:
                var index = 0;
                foreach (var item in items)
                    Walk(item, $"{pointer}/{index++}", values);
                break;
            default:
                foreach (var property in ContractsJson.Options.GetTypeInfo(value.GetType()).Properties)
                {
                    if (property.Get!(value) is { } member)
                        Walk(member, $"{pointer}/{property.Name}", values);
                }

                break;
        }
    }
}

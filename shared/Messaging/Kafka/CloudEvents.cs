using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using Uuid = ForgeShop.Forge.Uuid;

namespace ForgeShop.Messaging.Kafka;

/// <summary>CloudEvents 1.0 in Kafka's binary mode: attributes are headers with the prefix <c>ce_</c>, the value is the data as JSON.</summary>
internal static class CloudEvents
{
    private const string ContentType = "application/json";
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    /// <param name="message">The event.</param>
    /// <param name="traceParent">The trace context of the publishing.</param>
    public static Message<byte[]?, byte[]?> Write(OutboxMessage message, string? traceParent)
    {
        var headers = new Headers();
        void Add(string name, string? value)
        {
            if (value is not null)
                headers.Add(name, Encoding.UTF8.GetBytes(value));
        }

        Add("ce_specversion", "1.0");
        Add("ce_id", message.Id.ToString());
        Add("ce_type", message.Type);
        Add("ce_source", message.Source);
        Add("ce_subject", message.Key);
        Add("ce_time", message.OccurredAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        Add("ce_sequence", message.Sequence.ToString(CultureInfo.InvariantCulture));
        Add("ce_dataversion", message.DataVersion.ToString(CultureInfo.InvariantCulture));
        Add("ce_correlationid", message.CorrelationId?.ToString());
        Add("ce_causationid", message.CausationId?.ToString());
        Add("content-type", ContentType);
        Add("traceparent", traceParent);
        Add("tracestate", message.TraceState);
        return new() { Key = KafkaKey.Of(message.Subject), Value = Encoding.UTF8.GetBytes(message.Payload), Headers = headers };
    }

    public static bool IsAttribute(IHeader header) => header.Key.StartsWith("ce_", StringComparison.Ordinal);

    /// <summary>Everything but the data.</summary>
    /// <exception cref="UnreadableMessageException">It is no event, or not the one that it says it is.</exception>
    public static EventContext ReadAttributes(ConsumeResult<byte[]?, byte[]?> consumed, ForgeIds ids)
    {
        var headers = consumed.Message.Headers;
        string? Optional(string name) => headers is not null && headers.TryGetLastBytes(name, out var bytes) ? Utf8(name, bytes) : null;
        string Required(string name) => Optional(name) ?? throw new UnreadableMessageException($"the header {name} is missing");

        if (Required("ce_specversion") != "1.0")
            throw new UnreadableMessageException("ce_specversion is not 1.0");
        var type = Required("ce_type");
        var sequence = Positive("ce_sequence", Required("ce_sequence"));
        var subject = Id("ce_subject", Required("ce_subject"));
        var id = new EventId(Id("ce_id", Required("ce_id")));
        EnsureDerived(id, subject, type, sequence, ids);
        return new EventContext
        {
            Id = id,
            Type = type,
            Source = Required("ce_source"),
            Subject = subject,
            Sequence = sequence,
            Time = Time(Required("ce_time")),
            DataVersion = (int)Math.Min(Positive("ce_dataversion", Optional("ce_dataversion") ?? "1"), int.MaxValue),
            CorrelationId = Optional("ce_correlationid") is { } correlation ? new CorrelationId(Id("ce_correlationid", correlation)) : null,
            CausationId = Optional("ce_causationid") is { } causation ? new EventId(Id("ce_causationid", causation)) : null,
            TraceParent = Optional("traceparent"),
            TraceState = Optional("tracestate"),
            Topic = consumed.Topic,
        };
    }

    /// <exception cref="UnreadableMessageException">The data is not JSON.</exception>
    public static JsonElement ReadData(ConsumeResult<byte[]?, byte[]?> consumed)
    {
        if (consumed.Message.Value is not { } value)
            throw new UnreadableMessageException("there is no data");
        try
        {
            using var document = JsonDocument.Parse(value);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new UnreadableMessageException("the data is not JSON");
        }
    }

    /// <summary>What tells a message from every other: the event's ID, or a hash where there is none.</summary>
    public static Guid IdentityOf(Message<byte[]?, byte[]?> message)
    {
        if (message.Headers is not null && message.Headers.TryGetLastBytes("ce_id", out var bytes) && Uuid.TryParse(bytes, out var id))
            return id;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(message.Key ?? []);
        hash.AppendData(message.Value ?? []);
        return new Guid(hash.GetHashAndReset().AsSpan(0, 16), bigEndian: true);
    }

    private static void EnsureDerived(EventId id, Guid subject, string type, long sequence, ForgeIds ids)
    {
        EventId expected;
        try
        {
            expected = ids.Event(subject, type, sequence);
        }
        catch (ForgeKeyException exception)
        {
            throw new UnreadableMessageException($"no event ID can be derived: {exception.Message}");
        }
        if (id != expected)
            throw new UnreadableMessageException("ce_id is not derived from ce_subject, ce_type and ce_sequence");
    }

    private static string Utf8(string name, byte[]? bytes)
    {
        try
        {
            return bytes is null ? "" : Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw new UnreadableMessageException($"the header {name} is not UTF-8");
        }
    }

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static Guid Id(string name, string text) =>
        Uuid.TryParse(text, out var id) ? id : throw new UnreadableMessageException($"the header {name} is not an ID");

    private static long Positive(string name, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new UnreadableMessageException($"the header {name} is not a positive whole number");

    private static DateTimeOffset Time(string text) =>
        text.Contains('T', StringComparison.Ordinal) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUniversalTime()
            : throw new UnreadableMessageException("the header ce_time is not a time");
}

/// <summary>A message that will never be readable, however often it is tried.</summary>
internal sealed class UnreadableMessageException(string reason) : Exception($"Unreadable message: {reason}.")
{
    /// <summary>An aggregate counts its events without gaps, and none twice: two with one number are a mistake of whoever published them.</summary>
    public static void ThrowIfAnother(EventContext context, long sequence, EventId? known)
    {
        if (context.Sequence == sequence && known is { } other && other != context.Id)
            throw new UnreadableMessageException($"the aggregate has another event with the sequence {sequence}");
    }
}

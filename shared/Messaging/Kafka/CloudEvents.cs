using System.Diagnostics;
using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using Uuid = ForgeShop.Forge.Uuid;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// CloudEvents 1.0 in the binary mode of the Kafka protocol binding: attributes are headers with the prefix <c>ce_</c>, the value is the data as JSON, the key
/// is the 36-character text of the subject.
/// </summary>
internal static class CloudEvents
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static Message<byte[]?, byte[]?> Write(OutboxMessage message, string source, string? traceParent)
    {
        var headers = new Headers();
        void Add(string name, string? value)
        {
            if (value is not null)
                headers.Add(name, Encoding.UTF8.GetBytes(value));
        }

        var subject = Uuid.ToText(message.Subject);
        Add("ce_specversion", "1.0");
        Add("ce_id", message.EventId.ToString());
        Add("ce_type", message.Type);
        Add("ce_source", source);
        Add("ce_subject", subject);
        Add("ce_time", message.OccurredAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture));
        Add("ce_sequence", message.Sequence.ToString(CultureInfo.InvariantCulture));
        Add("ce_dataversion", message.Version.ToString(CultureInfo.InvariantCulture));
        Add("ce_correlationid", message.Origin.CorrelationId?.ToString());
        Add("ce_causationid", message.Origin.CausationId?.ToString());
        Add("content-type", "application/json");
        Add("traceparent", traceParent);
        Add("tracestate", message.Origin.TraceState);
        return new() { Key = Encoding.ASCII.GetBytes(subject), Value = Encoding.UTF8.GetBytes(message.Payload), Headers = headers };
    }

    /// <summary>Returns the type; null for a tombstone and for a message that is no CloudEvent.</summary>
    public static string? TypeOf(Message<byte[]?, byte[]?> message) => message.Value is null ? null : Text(message, "ce_type");

    /// <summary>
    /// Reads the attributes. What the effect needs is required; what only explains the event (correlation, causation, trace, source) is dropped where it
    /// cannot be read.
    /// </summary>
    /// <exception cref="UnreadableMessageException">A required attribute is missing or invalid, or the ID is not derived from the others.</exception>
    public static EventContext Read(ConsumeResult<byte[]?, byte[]?> consumed, string cluster, ForgeIds ids)
    {
        var message = consumed.Message;
        string Required(string name) => Text(message, name) ?? throw new UnreadableMessageException($"the header {name} is missing or not UTF-8");

        if (Required("ce_specversion") != "1.0")
            throw new UnreadableMessageException("ce_specversion is not 1.0");
        var type = Required("ce_type");
        var sequence = Positive("ce_sequence", Required("ce_sequence"));
        var subject = Id(Required("ce_subject")) ?? throw new UnreadableMessageException("the header ce_subject is not an ID");
        var id = new EventId(Id(Required("ce_id")) ?? throw new UnreadableMessageException("the header ce_id is not an ID"));
        EnsureDerived(id, subject, type, sequence, ids);
        var trace = ActivityContext.TryParse(Text(message, "traceparent"), Text(message, "tracestate"), out _);
        return new EventContext
        {
            Id = id,
            Type = type,
            Source = Text(message, "ce_source") ?? "",
            Subject = subject,
            Sequence = sequence,
            Time = Time(Text(message, "ce_time")) ?? new DateTimeOffset(message.Timestamp.UtcDateTime),
            DataVersion = (int)Math.Min(Positive("ce_dataversion", Text(message, "ce_dataversion") ?? "1"), int.MaxValue),
            CorrelationId = Id(Text(message, "ce_correlationid")) is { } correlation ? new CorrelationId(correlation) : null,
            CausationId = Id(Text(message, "ce_causationid")) is { } causation ? new EventId(causation) : null,
            TraceParent = trace ? Text(message, "traceparent") : null,
            TraceState = trace ? Text(message, "tracestate") : null,
            Topic = consumed.Topic,
            Position = new($"{consumed.Topic}-{consumed.Partition.Value}@{cluster}", consumed.Offset.Value),
        };
    }

    /// <summary>Returns a header's text; null if it is missing or not UTF-8. Of several with the same name the last one counts.</summary>
    public static string? Text(Message<byte[]?, byte[]?> message, string name)
    {
        if (message.Headers is null || !message.Headers.TryGetLastBytes(name, out var bytes) || bytes is null)
            return null;
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
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

    private static Guid? Id(string? text) => Uuid.TryParse(text, out var id) ? id : null;

    private static long Positive(string name, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new UnreadableMessageException($"the header {name} is not a positive integer");

    private static DateTimeOffset? Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime() : null;
}

/// <summary>A message that no further attempt can make readable.</summary>
internal sealed class UnreadableMessageException(string reason) : Exception($"Unreadable message: {reason}.");

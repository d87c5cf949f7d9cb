namespace ForgeShop.Messaging;

/// <summary>
/// CloudEvents 1.0 in the binary mode of the Kafka protocol binding: attributes are headers with the prefix <c>ce_</c>, the value is the
/// data as JSON, the key is the 36-character text of the subject.
/// </summary>
internal static class CloudEvents
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    private const int MaxTraceStateLength = 512;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a message of the service <paramref name="source"/>; the origin is that under the span of the publishing.</summary>
    public static Message<byte[]?, byte[]?> Write(OutboxMessage message, string source, MessageOrigin origin) => new()
    {
        Key = Encoding.ASCII.GetBytes(Uuid.ToText(message.Subject)),
        Value = Encoding.UTF8.GetBytes(message.Payload),
        Headers = new Headers().AddTexts(
            ("ce_specversion", "1.0"),
            ("ce_id", message.EventId.ToString()),
            ("ce_type", message.Type),
            ("ce_source", source),
            ("ce_subject", Uuid.ToText(message.Subject)),
            ("ce_time", message.OccurredAt.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)),
            ("ce_sequence", $"{message.Sequence}"),
            ("ce_dataversion", $"{message.Version}"),
            ("ce_correlationid", origin.CorrelationId?.ToString()),
            ("ce_causationid", origin.CausationId?.ToString()),
            ("content-type", "application/json"),
            ("traceparent", origin.TraceParent),
            ("tracestate", origin.TraceState)),
    };

    /// <summary>Adds the headers that have a text, in UTF-8.</summary>
    public static Headers AddTexts(this Headers headers, params (string Name, string? Text)[] texts)
    {
        foreach (var (name, text) in texts)
        {
            if (text is not null)
                headers.Add(name, Encoding.UTF8.GetBytes(text));
        }
        return headers;
    }

    /// <summary>
    /// Reads the attributes. What the effect needs is required; what only explains the event (correlation, causation, trace, source) is
    /// dropped where it cannot be read.
    /// </summary>
    /// <exception cref="UnreadableMessageException">A required attribute is missing or invalid, or the ID is not derived from the
    /// others.</exception>
    public static EventContext Read(KafkaMessage consumed, string cluster, ForgeIds ids)
    {
        var message = consumed.Message;
        string Required(string name) =>
            Text(message, name) ?? throw new UnreadableMessageException($"the header {name} is missing or not text");
        Guid RequiredId(string name) => Id(Required(name)) ?? throw new UnreadableMessageException($"the header {name} is not an ID");

        if (Required("ce_specversion") != "1.0")
            throw new UnreadableMessageException("ce_specversion is not 1.0");
        var type = Required("ce_type");
        var sequence = Positive("ce_sequence", Required("ce_sequence"));
        var (subject, id) = (RequiredId("ce_subject"), new EventId(RequiredId("ce_id")));
        if (!ids.Verify(id, subject, type, sequence))
            throw new UnreadableMessageException("ce_id is not derived from ce_subject, ce_type and ce_sequence");
        var time = Instant.TryParse(Text(message, "ce_time"), out var written) ? written : message.Timestamp.UtcDateTime;
        var version = Positive("ce_dataversion", Text(message, "ce_dataversion") ?? "1");
        return new(
            id, type, Text(message, "ce_source") ?? "", subject, sequence, time, (int)Math.Min(version, int.MaxValue), ReadCause(message),
            consumed.Topic, new($"{consumed.Topic}-{consumed.Partition.Value}@{cluster}", consumed.Offset.Value));
    }

    private static MessageOrigin ReadCause(Message<byte[]?, byte[]?> message)
    {
        var (traceParent, traceState) = (Text(message, "traceparent"), Text(message, "tracestate"));
        var isTraced = ActivityContext.TryParse(traceParent, null, out _);
        return new(
            Id(Text(message, "ce_causationid")) is { } causation ? new EventId(causation) : null,
            Id(Text(message, "ce_correlationid")) is { } correlation ? new CorrelationId(correlation) : null,
            isTraced ? traceParent : null,
            isTraced && traceState?.Length <= MaxTraceStateLength && Ascii.IsValid(traceState) ? traceState : null);
    }

    /// <summary>Returns a header's text, the last of several; null if it is missing, not UTF-8 or has control characters.</summary>
    public static string? Text(Message<byte[]?, byte[]?> message, string name)
    {
        if (message.Headers is null || !message.Headers.TryGetLastBytes(name, out var bytes) || bytes is null)
            return null;
        try
        {
            var text = StrictUtf8.GetString(bytes);
            return text.Any(char.IsControl) ? null : text;
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static Guid? Id(string? text) => Uuid.TryParse(text, out var id) ? id : null;

    private static long Positive(string name, string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0
            ? value
            : throw new UnreadableMessageException($"the header {name} is not a positive integer");
}

/// <summary>A message that no further attempt can make readable.</summary>
internal sealed class UnreadableMessageException(string reason) : Exception($"Unreadable message: {reason}.");

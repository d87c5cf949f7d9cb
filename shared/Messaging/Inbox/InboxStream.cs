using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

/// <summary>
/// How far the events of one aggregate in one topic are handled here: a row of the table inbox_stream, written in the transaction of the
/// effect. An aggregate's events are handled in the order of their sequences, without gaps: what comes again is dropped, and what comes too
/// early is parked until its turn.
/// </summary>
public sealed class InboxStream
{
    public required string Topic { get; init; }
    public required Guid Subject { get; init; }

    /// <summary>The partition of the topic in which its last event was seen: who reads it looks after the stream.</summary>
    public required int Partition { get; set; }

    /// <summary>The sequence of the last event that was handled, or given up by an operator; null while even the first is missing.</summary>
    public long? Sequence { get; set; }

    /// <summary>The event with this sequence; null if it was given up.</summary>
    public EventId? EventId { get; set; }

    /// <summary>The sequence of the event for which a dead letter was written, as long as the stream stands before it.</summary>
    public long? Dead { get; set; }

    /// <summary>How many later events are parked.</summary>
    public int Parked { get; set; }
}

/// <summary>An event that came before its turn: a row of the table inbox_parked.</summary>
public sealed class InboxParked
{
    public required string Topic { get; init; }
    public required Guid Subject { get; init; }
    public required long Sequence { get; init; }
    public required EventId EventId { get; init; }
    public required string Type { get; init; }

    /// <summary>The message as it came, as JSON: see <see cref="Kafka.ParkedMessage"/>.</summary>
    public required string Message { get; init; }

    public required DateTimeOffset ParkedAt { get; init; }
}

namespace ForgeShop.Messaging;

/// <summary>Describes an event or command apart from its data: the CloudEvents attributes and the place where it was read.</summary>
/// <param name="Id">The ID, derived from subject, type and sequence; the consumer checks it on arrival.</param>
/// <param name="Source">The publishing service, for example <c>/orders</c>.</param>
/// <param name="Subject">The aggregate that the event is about.</param>
/// <param name="Sequence">Counts the events of the subject in this topic, from 1.</param>
/// <param name="DataVersion">The version of the data's schema, from 1.</param>
/// <param name="Cause">The cause, the correlation and the trace of the event itself.</param>
/// <param name="Position">The place where this copy of the event was read.</param>
public sealed record EventContext(
    EventId Id, string Type, string Source, Guid Subject, long Sequence, DateTimeOffset Time, int DataVersion, MessageOrigin Cause,
    string Topic, LogPosition Position)
{
    /// <summary>Gets the origin of the events that are emitted while this one is handled.</summary>
    public MessageOrigin Origin => Cause with { CausationId = Id };
}

/// <summary>A place in a partition's log.</summary>
/// <param name="Log">
/// <c>topic-partition@cluster</c>. A Kafka that lost its data comes back as another cluster, so its offsets are never compared with those
/// of the old log.
/// </param>
/// <param name="Offset">The offset in that log.</param>
public readonly record struct LogPosition(string Log, long Offset);

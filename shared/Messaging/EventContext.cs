namespace ForgeShop.Messaging;

/// <summary>Describes an event or command apart from its data: the CloudEvents attributes and the place where it was read.</summary>
public sealed record EventContext
{
    /// <summary>
    /// Derived from <see cref="Subject"/>, <see cref="Type"/> and <see cref="Sequence"/>; the consumer checks it on arrival.
    /// </summary>
    public required EventId Id { get; init; }

    public required string Type { get; init; }

    /// <summary>The publishing service, for example <c>/orders</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The aggregate that the event is about.</summary>
    public required Guid Subject { get; init; }

    /// <summary>Counts the events of <see cref="Subject"/> in this topic, from 1.</summary>
    public required long Sequence { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>The version of the data's schema, from 1.</summary>
    public required int DataVersion { get; init; }

    /// <summary>The cause, the correlation and the trace of the event itself.</summary>
    public required MessageOrigin Cause { get; init; }

    public required string Topic { get; init; }

    /// <summary>The place where this copy of the event was read.</summary>
    public required LogPosition Position { get; init; }

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

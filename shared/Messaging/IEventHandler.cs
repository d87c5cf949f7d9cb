namespace ForgeShop.Messaging;

/// <summary>
/// Handles one event. The handler runs in the transaction that also inserts the event's ID into the inbox; the consumer calls SaveChanges
/// and commits. An exception rolls back and counts as a failed attempt, unless the database is at fault
/// (<see cref="Databases.TransientPostgresErrors"/>).
/// </summary>
public interface IEventHandler<in TEvent> where TEvent : IEventData
{
    Task HandleAsync(TEvent data, EventContext context, CancellationToken cancellationToken);
}

/// <summary>
/// Handles all new events of one type in a batch, with set-based reads and writes, in the same transaction as
/// <see cref="IEventHandler{TEvent}"/>. A call never contains two events of the same aggregate. Lock rows in the order of their keys, so
/// that two batches cannot deadlock.
/// </summary>
public interface IBatchHandler<TEvent> where TEvent : IEventData
{
    Task HandleAsync(IReadOnlyList<Received<TEvent>> events, CancellationToken cancellationToken);
}

/// <summary>
/// Handles every event of some topics, whatever its type, without an inbox: an event may arrive again, so the effect must be idempotent by
/// itself. The events of a partition come in the order of its log.
/// </summary>
public interface IEnvelopeHandler
{
    Task HandleAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken);
}

/// <summary>An aggregate that emits events.</summary>
public interface IEventSource
{
    /// <summary>The aggregate's ID: subject and Kafka key of its events, which therefore stay in order.</summary>
    Guid AggregateId { get; }

    /// <summary>
    /// The sequence number of its last event, 0 before the first. Stored with the aggregate. An aggregate emits to one topic.
    /// </summary>
    long LastSequence { get; set; }
}

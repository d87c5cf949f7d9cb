namespace ForgeShop.Messaging;

/// <summary>
/// Handles all new events of one type in a batch, with set-based reads and writes. The handler runs in the transaction that also inserts
/// the events' IDs into the inbox; the consumer calls SaveChanges and commits. An exception rolls back and counts as a failed attempt,
/// unless the database is at fault (<see cref="TransientPostgresErrors"/>). A call never contains two events of the same aggregate. Lock
/// rows in the order of their keys, so that two batches cannot deadlock.
/// </summary>
public interface IBatchHandler<TData>
{
    Task HandleAsync(IReadOnlyList<Received<TData>> events, CancellationToken cancellationToken);
}

/// <summary>An event as a handler takes it; the data are a <see cref="JsonElement"/> for a handler of every type.</summary>
public sealed record Received<TData>(TData Data, EventContext Context);

/// <summary>An aggregate that emits events.</summary>
public interface IEventSource
{
    /// <summary>The aggregate's ID: subject and Kafka key of its events, which therefore stay in order.</summary>
    Guid AggregateId { get; }

    /// <summary>The sequence number of its last event, 0 before the first. An aggregate emits to one topic.</summary>
    long LastSequence { get; set; }
}

using ForgeShop.Contracts.Events;

namespace ForgeShop.Messaging;

/// <summary>Handles one type of event. Created in a scope of its own for every event.</summary>
public interface IEventHandler<in TEvent> where TEvent : IEventData
{
    /// <summary>
    /// With Entity Framework: runs inside a transaction together with the inbox entry, and the pipeline calls SaveChanges and commits. With
    /// documents: must be idempotent by a derived document ID or the last sequence kept in the document. A thrown exception means "try again".
    /// </summary>
    Task HandleAsync(TEvent @event, EventContext context, CancellationToken cancellationToken);
}

/// <summary>Handles every event of some topics, whatever its type.</summary>
public interface IEventEnvelopeHandler
{
    /// <inheritdoc cref="IEventHandler{TEvent}.HandleAsync"/>
    Task HandleAsync(EventEnvelope @event, CancellationToken cancellationToken);
}

using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ForgeShop.Messaging;

/// <summary>
/// Writes messages with the changes that they are about: by SaveChanges itself, or, in a transaction that the caller began, by one
/// statement for all messages after it.
/// </summary>
internal sealed class OutboxWriter(MessagingModel model, ForgeIds ids, OutboxRelay relay, TimeProvider time) : SaveChangesInterceptor
{
    // A retry begins another transaction, so what a rolled-back one has left here is not written.
    private readonly ConditionalWeakTable<DbContext, List<(Guid Transaction, OutboxMessage Message)>> _waiting = [];

    /// <exception cref="InvalidOperationException">The topic is not declared, so nothing creates it, and the relay would fail at every
    /// attempt.</exception>
    public EventId Add<TData>(DbContext db, Guid subject, long sequence, TData data, MessageOrigin origin) where TData : IEventData
    {
        if (!model.Topics.Contains(TData.Topic))
            throw new InvalidOperationException(
                $"The topic {TData.Topic} of {TData.Type} is not declared: add it by {nameof(MessagingModel.Publish)}.");
        var message = new OutboxMessage
        {
            EventId = ids.Event(subject, TData.Type, sequence),
            Topic = TData.Topic,
            Type = TData.Type,
            Subject = subject,
            Sequence = sequence,
            Version = TData.DataVersion,
            Payload = JsonSerializer.Serialize(data, ContractsJson.Options),
            OccurredAt = time.GetUtcNow().AsStored(),
            Origin = origin,
        };
        if (db.Database.CurrentTransaction is { TransactionId: var transaction })
            _waiting.GetOrCreateValue(db).Add((transaction, message));
        else
            db.Add(message);
        db.AfterCommit(relay.Wake);
        return message.EventId;
    }

    public override async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is { Database.CurrentTransaction.TransactionId: var transaction } db && _waiting.Remove(db, out var waiting))
            await InsertAsync(db, waiting.FindAll(one => one.Transaction == transaction).ConvertAll(one => one.Message), cancellationToken);
        return result;
    }

    private static async Task InsertAsync(DbContext db, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        T[] Column<T>(Func<OutboxMessage, T> value) => [.. messages.Select(value)];

        // The rows are numbered in the order of the arrays.
        if (messages.Count > 0)
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at,
                    causation_id, correlation_id, trace_parent, trace_state)
                SELECT event_id, topic, type, subject, sequence, version, payload::json, occurred_at,
                    causation_id, correlation_id, trace_parent, trace_state
                FROM unnest({Column(m => m.EventId.Value)}, {Column(m => m.Topic)}, {Column(m => m.Type)}, {Column(m => m.Subject)},
                    {Column(m => m.Sequence)}, {Column(m => m.Version)}, {Column(m => m.Payload)}, {Column(m => m.OccurredAt)},
                    {Column(m => m.Origin.CausationId?.Value)}, {Column(m => m.Origin.CorrelationId?.Value)},
                    {Column(m => m.Origin.TraceParent)}, {Column(m => m.Origin.TraceState)}) WITH ORDINALITY AS message
                    (event_id, topic, type, subject, sequence, version, payload, occurred_at,
                    causation_id, correlation_id, trace_parent, trace_state, number)
                ORDER BY number
                """, cancellationToken);
    }
}

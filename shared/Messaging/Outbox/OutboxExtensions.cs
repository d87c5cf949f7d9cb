using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace ForgeShop.Messaging;

public static class OutboxExtensions
{
    /// <summary>
    /// Adds an event of <paramref name="source"/> to the outbox. The caller's SaveChanges writes it together with the change; the relay
    /// publishes it after the commit.
    /// </summary>
    public static EventId Emit<TEvent>(this DbContext db, IEventSource source, TEvent data, MessageOrigin origin) where TEvent : IEventData
    {
        var id = db.GetService<OutboxWriter>().Add(db, source.AggregateId, source.LastSequence + 1, data, origin);
        source.LastSequence++;
        return id;
    }

    /// <summary>Adds a command to the outbox.</summary>
    /// <param name="db">The context whose SaveChanges follows.</param>
    /// <param name="recipient">The aggregate that the command is for: its subject and Kafka key.</param>
    /// <param name="sequence">Counts the commands to the recipient, from 1. The same number again is the same command.</param>
    /// <param name="command">The command.</param>
    /// <param name="origin">The message or request that causes it.</param>
    public static EventId Send<TCommand>(this DbContext db, Guid recipient, long sequence, TCommand command, MessageOrigin origin)
        where TCommand : ICommandData =>
        db.GetService<OutboxWriter>().Add(db, recipient, sequence, command, origin);
}

/// <summary>
/// Writes messages with the changes that they are about: by SaveChanges itself, or, in a transaction that the caller began, by one
/// statement for all messages after it.
/// </summary>
internal sealed class OutboxWriter(ForgeIds ids, MessagingModel model, OutboxSignal signal, TimeProvider time) : SaveChangesInterceptor
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
        var now = time.GetUtcNow();
        var message = new OutboxMessage
        {
            EventId = ids.Event(subject, TData.Type, sequence),
            Topic = TData.Topic,
            Type = TData.Type,
            Subject = subject,
            Sequence = sequence,
            Version = TData.DataVersion,
            Payload = JsonSerializer.Serialize(data, ContractsJson.Options),
            // PostgreSQL stores microseconds; a message that is read back is the one that was written.
            OccurredAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            Origin = origin,
        };
        if (db.Database.CurrentTransaction is { TransactionId: var transaction })
            _waiting.GetOrCreateValue(db).Add((transaction, message));
        else
            db.Add(message);
        db.AfterCommit(signal.Set);
        return message.EventId;
    }

    public override async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is { Database.CurrentTransaction: { } transaction } db && _waiting.Remove(db, out var waiting))
        {
            await OutboxTable.InsertAsync(
                (NpgsqlTransaction)transaction.GetDbTransaction(),
                [.. waiting.Where(one => one.Transaction == transaction.TransactionId).Select(one => one.Message)], cancellationToken);
        }

        return result;
    }
}

/// <summary>Wakes the relay of this process after a commit. The channel holds one signal, because one is as good as many.</summary>
internal sealed class OutboxSignal : WakeUp;

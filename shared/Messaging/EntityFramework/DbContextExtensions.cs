using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace ForgeShop.Messaging;

public static class DbContextExtensions
{
    /// <summary>
    /// Announces that something happened to <paramref name="source"/>. The event is a row that the caller's SaveChanges writes together
    /// with the change itself, so there is never one without the other; the relay publishes it after the commit.
    /// </summary>
    public static EventId Emit<TEvent>(this DbContext db, IEventSource source, TEvent data) where TEvent : IEventData
    {
        var id = db.Write(source.AggregateId, source.LastSequence + 1, data);
        source.LastSequence++;
        return id;
    }

    /// <summary>Sends a command in the same way: a row of the outbox, written together with the change that makes it necessary.</summary>
    /// <param name="db">The context whose SaveChanges follows.</param>
    /// <param name="recipient">The aggregate that the command is for: its subject and Kafka key.</param>
    /// <param name="sequence">Counts what was sent to the recipient, from 1. The same number again is the same command.</param>
    /// <param name="command">What to do.</param>
    public static EventId Send<TCommand>(this DbContext db, Guid recipient, long sequence, TCommand command) where TCommand : ICommandData =>
        db.Write(recipient, sequence, command);

    private static EventId Write<TData>(this DbContext db, Guid subject, long sequence, TData data) where TData : IEventData
    {
        var message = db.GetService<OutboxWriter>().Write(subject, sequence, data);
        db.Add(message);
        db.GetService<OutboxSignalInterceptor>().Emitted(db);
        return message.Id;
    }
}

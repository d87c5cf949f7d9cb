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
        var message = db.GetService<OutboxWriter>().Write(source.AggregateId, source.LastSequence + 1, data);
        db.Add(message);
        db.GetService<OutboxSignalInterceptor>().Emitted(db);
        source.LastSequence = message.Sequence;
        return message.Id;
    }
}

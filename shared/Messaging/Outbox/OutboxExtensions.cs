using Microsoft.EntityFrameworkCore.Infrastructure;

namespace ForgeShop.Messaging;

public static class OutboxExtensions
{
    private const int ReplayBatch = 5000;

    /// <summary>
    /// Adds an event of <paramref name="source"/> to the outbox. The caller's SaveChanges writes it together with the change; the relay
    /// publishes it after the commit.
    /// </summary>
    public static EventId Emit<TEvent>(this DbContext db, IEventSource source, TEvent data, MessageOrigin origin)
        where TEvent : IEventData =>
        db.GetService<OutboxWriter>().Add(db, source.AggregateId, ++source.LastSequence, data, origin);

    /// <summary>Adds a command to the outbox, as <see cref="Emit{TEvent}"/> does with an event.</summary>
    /// <param name="recipient">The aggregate that the command is for: its subject and Kafka key.</param>
    /// <param name="sequence">Counts the commands to the recipient, from 1. The same number again is the same command.</param>
    /// <param name="origin">The message or request that causes it.</param>
    public static EventId Send<TCommand>(this DbContext db, Guid recipient, long sequence, TCommand command, MessageOrigin origin)
        where TCommand : ICommandData =>
        db.GetService<OutboxWriter>().Add(db, recipient, sequence, command, origin);

    /// <summary>
    /// Publishes all messages since a time again, marked in bounded batches, and returns their number. Consumers drop those that they have
    /// handled.
    /// </summary>
    public static async Task<long> ReplayAsync(this DbContext db, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var (from, now) = (since.ToUniversalTime(), db.GetService<TimeProvider>().GetUtcNow());
        var (total, count) = (0L, ReplayBatch);
        for (; count == ReplayBatch; total += count)
        {
            count = await db.Database.ExecuteSqlAsync(
                $"""
                UPDATE outbox SET published_at = NULL, error = NULL WHERE seq IN
                    (SELECT seq FROM outbox WHERE occurred_at >= {from} AND (published_at < {now} OR error IS NOT NULL) LIMIT {ReplayBatch})
                """, cancellationToken);
        }
        db.GetService<OutboxRelay>().Wake();
        return total;
    }

    /// <summary>Publishes messages again, and returns the IDs of those that were published or refused.</summary>
    public static async Task<List<Guid>> ReplayAsync(
        this DbContext db, IReadOnlyCollection<Guid> eventIds, CancellationToken cancellationToken)
    {
        var replayed = await db.Database.SqlQuery<Guid>(
            $"""
            UPDATE outbox SET published_at = NULL, error = NULL
            WHERE event_id = ANY({eventIds.ToArray()}) AND (published_at IS NOT NULL OR error IS NOT NULL) RETURNING event_id AS "Value"
            """).ToListAsync(cancellationToken);
        db.GetService<OutboxRelay>().Wake();
        return replayed;
    }
}

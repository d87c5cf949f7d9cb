using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging;

/// <summary>The inbox as a table: the event's ID and its effect are one transaction.</summary>
internal sealed class EntityFrameworkInbox<TContext>(IServiceScopeFactory scopes, TimeProvider time) : IInboxStore where TContext : DbContext
{
    public async Task<bool> HandleAsync(EventContext context, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        await using var outer = scopes.CreateAsyncScope();
        // Repeats the whole of it after a lost connection, where the service's context is set up so; each time in a scope without a past.
        return await outer.ServiceProvider.GetRequiredService<TContext>().Database.CreateExecutionStrategy().ExecuteAsync(async token =>
        {
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TContext>();
            await using var transaction = await db.Database.BeginTransactionAsync(token);
            // First of all: whoever handles the same event at this moment waits here until we have committed, and is then told.
            if (await InsertAsync(db, context, token) == 0)
                return false;
            await handle(scope.ServiceProvider, token);
            await db.SaveChangesAsync(token);
            await transaction.CommitAsync(token);
            return true;
        }, cancellationToken);
    }

    private Task<int> InsertAsync(TContext db, EventContext context, CancellationToken cancellationToken) => db.Database.ExecuteSqlAsync(
        $"""
        INSERT INTO inbox (event_id, type, subject, sequence, received_at)
        VALUES ({context.Id.Value}, {context.Type}, {context.Subject}, {context.Sequence}, {time.GetUtcNow()})
        ON CONFLICT DO NOTHING
        """,
        cancellationToken);

    public async Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var topics = partitions.Select(partition => partition.Topic).Distinct().ToList();
        var positions = await scope.ServiceProvider.GetRequiredService<TContext>().Set<InboxPosition>()
            .AsNoTracking().Where(position => topics.Contains(position.Topic)).ToListAsync(cancellationToken);
        return [.. positions
            .Select(position => new LogAnchor(position.Topic, position.Partition, position.Offset, position.Identity))
            .Where(anchor => partitions.Contains(anchor.TopicPartition))];
    }

    public async Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var (topics, partitions) = (positions.Select(p => p.Topic).ToArray(), positions.Select(p => p.Partition).ToArray());
        var (offsets, identities) = (positions.Select(p => p.Offset).ToArray(), positions.Select(p => p.Identity).ToArray());
        await scope.ServiceProvider.GetRequiredService<TContext>().Database.ExecuteSqlAsync(
            $"""
            INSERT INTO inbox_position (topic, log_partition, log_offset, identity)
            SELECT * FROM unnest({topics}, {partitions}, {offsets}, {identities})
            ON CONFLICT (topic, log_partition) DO UPDATE SET log_offset = excluded.log_offset, identity = excluded.identity
            """,
            cancellationToken);
    }

    public async Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (PostgresTrouble.Is(exception))
            return true;
        await using var scope = scopes.CreateAsyncScope();
        return !await scope.ServiceProvider.GetRequiredService<TContext>().Database.CanConnectAsync(cancellationToken);
    }
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>The inbox as a table: the event's ID and its effect are one transaction.</summary>
internal sealed class EntityFrameworkInbox<TContext>(IServiceScopeFactory scopes, TimeProvider time) : IInboxStore where TContext : DbContext
{
    private const string SelectPositions = "SELECT topic, log_partition, log_offset, identity FROM inbox_position WHERE topic = ANY ($1)";

    private const string UpsertPositions = """
        INSERT INTO inbox_position (topic, log_partition, log_offset, identity)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::uuid[])
        ON CONFLICT (topic, log_partition) DO UPDATE SET log_offset = excluded.log_offset, identity = excluded.identity
        """;

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    public async Task<bool> HandleAsync(EventContext context, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();
        return await db.ExecuteOnceAsync(async token =>
        {
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
        await using var command = new NpgsqlCommand(SelectPositions, await ConnectAsync(scope, cancellationToken))
        {
            Parameters = { new() { Value = partitions.Select(partition => partition.Topic).Distinct().ToArray() } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var positions = new List<LogAnchor>();
        while (await reader.ReadAsync(cancellationToken))
            positions.Add(new(reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetGuid(3)));
        return [.. positions.Where(position => partitions.Contains(position.TopicPartition))];
    }

    public async Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var command = new NpgsqlCommand(UpsertPositions, await ConnectAsync(scope, cancellationToken))
        {
            Parameters =
            {
                new() { Value = positions.Select(position => position.Topic).ToArray() },
                new() { Value = positions.Select(position => position.Partition).ToArray() },
                new() { Value = positions.Select(position => position.Offset).ToArray() },
                new() { Value = positions.Select(position => position.Identity).ToArray() },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken)
    {
        if (PostgresTrouble.Is(exception))
            return true;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(PingTimeout);
        await using var scope = scopes.CreateAsyncScope();
        try
        {
            await using var ping = new NpgsqlCommand("SELECT 1", await ConnectAsync(scope, patience.Token));
            await ping.ExecuteScalarAsync(patience.Token);
            return false;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return true; // Whatever it says: it does not answer.
        }
    }

    private static Task<NpgsqlConnection> ConnectAsync(AsyncServiceScope scope, CancellationToken cancellationToken) =>
        scope.ServiceProvider.GetRequiredService<TContext>().OpenAsync(cancellationToken);
}

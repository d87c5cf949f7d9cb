using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>The inbox as tables: the event's turn and its effect are one transaction.</summary>
internal sealed class EntityFrameworkInbox<TContext>(IServiceScopeFactory scopes, IOptions<MessagingOptions> options, TimeProvider time)
    : IInboxStore where TContext : DbContext
{
    private const string SelectPositions = "SELECT topic, log_partition, log_offset, identity FROM inbox_position WHERE topic = ANY ($1)";

    private const string UpsertPositions = """
        INSERT INTO inbox_position (topic, log_partition, log_offset, identity)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::uuid[])
        ON CONFLICT (topic, log_partition) DO UPDATE SET log_offset = excluded.log_offset, identity = excluded.identity
        """;

    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(5);

    public async Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TContext>();
        return await db.ExecuteOnceAsync(async token =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(token);
            var streams = new InboxStreamTable((NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)transaction.GetDbTransaction());
            int? parked;
            while ((parked = await streams.TakeTurnAsync(received, token)) is null)
            {
                if (await streams.SetAsideAsync(received, options.Value.MaxParkedPerKey, time.GetUtcNow(), token) is not { } result)
                    continue;
                await transaction.CommitAsync(token);
                return result;
            }
            await handle(scope.ServiceProvider, token);
            // Whatever fails here fails the whole of it: a savepoint would only cost two round trips.
            db.Database.AutoSavepointsEnabled = false;
            await db.SaveChangesAsync(token);
            var left = parked == 0 ? 0 : await streams.ForgetAsync(received.Stream, received.Context.Sequence, token);
            await transaction.CommitAsync(token);
            return new InboxResult(InboxVerdict.Handled, left > 0);
        }, cancellationToken);
    }

    public Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken) =>
        OnStreamsAsync(streams => streams.NextAsync(stream, cancellationToken), cancellationToken);

    public Task StopBeforeAsync(StreamKey stream, int partition, long sequence, long? handled, CancellationToken cancellationToken) =>
        OnStreamsAsync(async streams =>
        {
            await streams.StopBeforeAsync(stream, partition, sequence, handled, cancellationToken);
            return true;
        }, cancellationToken);

    public Task BeginAsync(StreamKey stream, CancellationToken cancellationToken) =>
        InTransactionAsync(streams => streams.BeginAsync(stream, cancellationToken), cancellationToken);

    public Task GiveUpAsync(StreamKey stream, int partition, long upTo, CancellationToken cancellationToken) =>
        InTransactionAsync(streams => streams.GiveUpAsync(stream, partition, upTo, cancellationToken), cancellationToken);

    private async Task InTransactionAsync(Func<InboxStreamTable, Task> work, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var connection = await ConnectAsync(scope, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await work(new InboxStreamTable(connection, transaction));
        await transaction.CommitAsync(cancellationToken);
    }

    public Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(IReadOnlyCollection<TopicPartition> partitions, int limit, CancellationToken cancellationToken) =>
        OnStreamsAsync(
            streams => streams.FindWaitingAsync(
                [.. partitions.Select(partition => partition.Topic)], [.. partitions.Select(partition => partition.Partition.Value)], limit, cancellationToken),
            cancellationToken);

    public Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken) =>
        OnStreamsAsync(streams => streams.MeasureAsync(cancellationToken), cancellationToken);

    private async Task<T> OnStreamsAsync<T>(Func<InboxStreamTable, Task<T>> work, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await work(new InboxStreamTable(await ConnectAsync(scope, cancellationToken)));
    }

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

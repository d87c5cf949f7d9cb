using ForgeShop.Contracts;
using ForgeShop.Messaging.Kafka;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>The outbox as a table. SQL in plain sight: what EF Core would make of it is neither one statement nor easier to read.</summary>
internal sealed class EntityFrameworkOutbox<TContext>(IServiceScopeFactory scopes, TimeProvider time) : IOutboxStore where TContext : DbContext
{
    // The first half of our advisory locks, so that they are nobody else's: "fsob" in ASCII.
    private const int LockNamespace = 0x66736f62;

    private const int ReplayBatch = 5000;

    // One statement over all that was ever published to the lost partitions: half of it would look like a log that lost nothing.
    private const int RequeueTimeoutSeconds = 600;

    private const string TryLockBuckets =
        "SELECT bucket::smallint FROM generate_series(0, $2 - 1) AS bucket WHERE pg_try_advisory_xact_lock($1, bucket)";

    // By status and in order of insertion, never "after the last one seen": transactions commit in another order than they insert.
    private const string SelectPending = """
        SELECT seq, id, topic, type, source, subject, sequence, data_version, payload, occurred_at, correlation_id, causation_id, trace_parent, trace_state, attempts
        FROM outbox o
        WHERE status = 0 AND bucket = ANY ($1) AND next_attempt_at <= $2
          AND NOT EXISTS (SELECT FROM outbox earlier WHERE earlier.status = 0 AND earlier.subject = o.subject AND earlier.seq < o.seq AND earlier.next_attempt_at > $2)
        ORDER BY seq LIMIT $3
        """;

    private const string StoreOutcomes = """
        UPDATE outbox o SET status = done.status, attempts = done.attempts, next_attempt_at = done.next_attempt_at, error = done.error,
            published_at = done.published_at, log_partition = done.log_partition, log_offset = done.log_offset
        FROM unnest($1::bigint[], $2::smallint[], $3::integer[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::integer[], $8::bigint[])
            AS done (seq, status, attempts, next_attempt_at, error, published_at, log_partition, log_offset)
        WHERE o.seq = done.seq
        """;

    private const string Requeue = """
        UPDATE outbox o SET status = 0, attempts = 0, next_attempt_at = occurred_at, error = NULL, published_at = NULL, log_partition = NULL, log_offset = NULL
        FROM unnest($1::text[], $2::integer[]) AS lost (topic, log_partition)
        WHERE o.status = 1 AND o.topic = lost.topic AND o.log_partition = lost.log_partition
        """;

    private const string Replay = """
        UPDATE outbox SET status = 0, attempts = 0, next_attempt_at = occurred_at, error = NULL, published_at = NULL, log_partition = NULL, log_offset = NULL
        WHERE seq IN (SELECT seq FROM outbox WHERE status IN (1, 2) AND occurred_at >= $1 AND seq > $2 ORDER BY seq LIMIT $3)
        RETURNING seq
        """;

    private const string CleanUp = """
        DELETE FROM outbox WHERE seq IN (
            SELECT seq FROM outbox o
            WHERE status = 1 AND published_at < $1 AND EXISTS (
                SELECT FROM outbox later
                WHERE later.status = 1 AND later.topic = o.topic AND later.log_partition = o.log_partition AND later.log_offset > o.log_offset)
            ORDER BY published_at LIMIT $2)
        """;

    // One look into the index for each partition instead of a scan over all that was ever published.
    private const string SelectAnchors = """
        WITH RECURSIVE known AS (
            (SELECT topic, log_partition FROM outbox WHERE status = 1 ORDER BY topic, log_partition LIMIT 1)
            UNION ALL
            SELECT following.* FROM known, LATERAL (
                SELECT topic, log_partition FROM outbox
                WHERE status = 1 AND (topic, log_partition) > (known.topic, known.log_partition) ORDER BY topic, log_partition LIMIT 1) following
        )
        SELECT known.topic, known.log_partition, last.log_offset, last.id FROM known, LATERAL (
            SELECT log_offset, id FROM outbox
            WHERE status = 1 AND topic = known.topic AND log_partition = known.log_partition ORDER BY log_offset DESC LIMIT 1) last
        """;

    private const string SelectDepth = "SELECT count(*), min(occurred_at) FROM outbox WHERE status = 0";

    /// <summary>What is asked again and again, and must therefore cost the same however large the table is.</summary>
    internal static IReadOnlyList<(string Sql, object[] Parameters)> RepeatedQueries =>
        [
            (SelectPending, [new short[] { 1, 2 }, DateTimeOffset.UnixEpoch, 500]), (SelectAnchors, []), (SelectDepth, []),
            (CleanUp, [DateTimeOffset.UnixEpoch, 1000]),
        ];

    public async Task<IOutboxBatch> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        var scope = scopes.CreateAsyncScope();
        try
        {
            var batch = new Batch(scope, await ConnectAsync(scope, cancellationToken), time);
            await batch.ClaimAsync(limit, cancellationToken);
            return batch;
        }
        catch
        {
            await scope.DisposeAsync();
            throw;
        }
    }

    public async Task<IReadOnlyList<LogAnchor>> GetAnchorsAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var command = new NpgsqlCommand(SelectAnchors, await ConnectAsync(scope, cancellationToken));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var anchors = new List<LogAnchor>();
        while (await reader.ReadAsync(cancellationToken))
            anchors.Add(new(reader.GetString(0), reader.GetInt32(1), reader.GetInt64(2), reader.GetGuid(3)));
        return anchors;
    }

    public async Task<long> RequeueAsync(IReadOnlyCollection<(string Topic, int Partition)> partitions, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var command = new NpgsqlCommand(Requeue, await ConnectAsync(scope, cancellationToken)) { CommandTimeout = RequeueTimeoutSeconds };
        AddPartitions(command.Parameters, partitions);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<long> ReplayAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var connection = await ConnectAsync(scope, cancellationToken);
        var (replayed, last) = (0L, 0L);
        while (true)
        {
            await using var command = new NpgsqlCommand(Replay, connection) { Parameters = { new() { Value = since }, new() { Value = last }, new() { Value = ReplayBatch } } };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var count = 0;
            for (; await reader.ReadAsync(cancellationToken); count++)
                last = Math.Max(last, reader.GetInt64(0));
            replayed += count;
            if (count < ReplayBatch)
                return replayed;
        }
    }

    public async Task<int> CleanUpAsync(DateTimeOffset publishedBefore, int limit, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var command = new NpgsqlCommand(CleanUp, await ConnectAsync(scope, cancellationToken))
        {
            Parameters = { new() { Value = publishedBefore }, new() { Value = limit } },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<OutboxDepth> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        await using var command = new NpgsqlCommand(SelectDepth, await ConnectAsync(scope, cancellationToken));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(1));
    }

    private static Task<NpgsqlConnection> ConnectAsync(AsyncServiceScope scope, CancellationToken cancellationToken) =>
        scope.ServiceProvider.GetRequiredService<TContext>().OpenAsync(cancellationToken);

    private static void AddPartitions(NpgsqlParameterCollection parameters, IReadOnlyCollection<(string Topic, int Partition)> partitions)
    {
        parameters.Add(new() { Value = partitions.Select(partition => partition.Topic).ToArray() });
        parameters.Add(new() { Value = partitions.Select(partition => partition.Partition).ToArray() });
    }

    /// <summary>A transaction that holds the buckets' locks for as long as their events are on the way, and ends with the connection if we do.</summary>
    private sealed class Batch(AsyncServiceScope scope, NpgsqlConnection connection, TimeProvider time) : IOutboxBatch
    {
        private NpgsqlTransaction _transaction = null!;

        public IReadOnlyList<OutboxMessage> Messages { get; private set; } = [];

        public bool SawAll { get; private set; }

        public async Task ClaimAsync(int limit, CancellationToken cancellationToken)
        {
            _transaction = await connection.BeginTransactionAsync(cancellationToken);
            // Two statements, because the second must see what the relay that held a lock before us committed.
            var buckets = await LockBucketsAsync(cancellationToken);
            SawAll = buckets.Length == OutboxMessage.Buckets;
            if (buckets.Length > 0)
                Messages = await ReadAsync(buckets, limit, cancellationToken);
        }

        private async Task<short[]> LockBucketsAsync(CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand(TryLockBuckets, connection, _transaction)
            {
                Parameters = { new() { Value = LockNamespace }, new() { Value = OutboxMessage.Buckets } },
            };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var buckets = new List<short>(OutboxMessage.Buckets);
            while (await reader.ReadAsync(cancellationToken))
                buckets.Add(reader.GetInt16(0));
            return [.. buckets];
        }

        private async Task<List<OutboxMessage>> ReadAsync(short[] buckets, int limit, CancellationToken cancellationToken)
        {
            await using var command = new NpgsqlCommand(SelectPending, connection, _transaction)
            {
                Parameters = { new() { Value = buckets }, new() { Value = time.GetUtcNow() }, new() { Value = limit } },
            };
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            var messages = new List<OutboxMessage>();
            while (await reader.ReadAsync(cancellationToken))
                messages.Add(Read(reader));
            return messages;
        }

        public async Task CompleteAsync(IReadOnlyCollection<(string Topic, int Partition)> lost, CancellationToken cancellationToken)
        {
            await using var batch = new NpgsqlBatch(connection, _transaction);
            if (lost.Count > 0)
            {
                batch.Timeout = RequeueTimeoutSeconds;
                var requeue = new NpgsqlBatchCommand(Requeue);
                AddPartitions(requeue.Parameters, lost);
                batch.BatchCommands.Add(requeue);
            }
            batch.BatchCommands.Add(Outcomes());
            await batch.ExecuteNonQueryAsync(cancellationToken);
            await _transaction.CommitAsync(cancellationToken);
        }

        private NpgsqlBatchCommand Outcomes() => new(StoreOutcomes)
        {
            Parameters =
            {
                new() { Value = Column(message => message.Seq) },
                new() { Value = Column(message => (short)message.Status) },
                new() { Value = Column(message => message.Attempts) },
                new() { Value = Column(message => message.NextAttemptAt) },
                new() { Value = Column(message => message.Error) },
                new() { Value = Column(message => message.PublishedAt) },
                new() { Value = Column(message => message.Partition) },
                new() { Value = Column(message => message.Offset) },
            },
        };

        private T[] Column<T>(Func<OutboxMessage, T> select) => [.. Messages.Select(select)];

        private static OutboxMessage Read(NpgsqlDataReader reader) => new()
        {
            Seq = reader.GetInt64(0),
            Id = new EventId(reader.GetGuid(1)),
            Topic = reader.GetString(2),
            Type = reader.GetString(3),
            Source = reader.GetString(4),
            Subject = reader.GetGuid(5),
            Sequence = reader.GetInt64(6),
            DataVersion = reader.GetInt32(7),
            Payload = reader.GetString(8),
            OccurredAt = reader.GetFieldValue<DateTimeOffset>(9),
            CorrelationId = reader.IsDBNull(10) ? null : new CorrelationId(reader.GetGuid(10)),
            CausationId = reader.IsDBNull(11) ? null : new EventId(reader.GetGuid(11)),
            TraceParent = reader.IsDBNull(12) ? null : reader.GetString(12),
            TraceState = reader.IsDBNull(13) ? null : reader.GetString(13),
            Attempts = reader.GetInt32(14),
        };

        public async ValueTask DisposeAsync()
        {
            await _transaction.DisposeAsync();
            await scope.DisposeAsync();
        }
    }
}

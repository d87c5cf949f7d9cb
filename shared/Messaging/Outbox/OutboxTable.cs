namespace ForgeShop.Messaging;

/// <summary>The relay's statements. They fail and do not reconnect when the connection that holds its lock is lost.</summary>
internal static class OutboxTable
{
    // By status and never "behind the last row that was read": transactions commit in another order than they insert.
    internal const string SelectUnpublished = """
        SELECT seq, event_id, topic, type, subject, sequence, version, payload, occurred_at,
            causation_id, correlation_id, trace_parent, trace_state
        FROM outbox WHERE published_at IS NULL AND error IS NULL ORDER BY seq LIMIT $1
        """;

    // The condition repeats that of the partial index: without it, the statement reads the whole table. The range keeps it from reading a
    // whole backlog, which the planner takes for small while its statistics are older than the backlog.
    internal const string MarkPublished = """
        UPDATE outbox o SET published_at = CASE WHEN result.error IS NULL THEN $3::timestamptz END, error = result.error
        FROM unnest($1::bigint[], $2::text[]) AS result (seq, error)
        WHERE o.seq = result.seq AND o.seq BETWEEN $1[1] AND $1[cardinality($1)] AND o.published_at IS NULL AND o.error IS NULL
        """;

    private const string SelectDepth = "SELECT count(*), min(occurred_at) FROM outbox WHERE published_at IS NULL AND error IS NULL";

    internal const string DeletePublished =
        "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE occurred_at < $1 AND published_at IS NOT NULL LIMIT $2)";

    internal const string DeleteReceived =
        "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE received_at < $1 LIMIT $2)";

    private const int DeleteBatch = 1000;

    // On a young table the planner prefers a bitmap scan and a sort to the partial index, which makes each read many times slower. The
    // lock is a session lock: PostgreSQL releases it when the connection ends, for whatever reason.
    private const string TryElect = """
        SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off;
        SELECT pg_try_advisory_lock(hashtext('forgeshop.outbox.relay'))
        """;

    public static async Task<bool> TryElectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TryElect, connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public static async Task<List<OutboxMessage>> ReadUnpublishedAsync(
        NpgsqlConnection connection, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectUnpublished, connection) { Parameters = { new() { Value = limit } } };
        await command.PrepareAsync(cancellationToken);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var messages = new List<OutboxMessage>();
        while (await reader.ReadAsync(cancellationToken))
            messages.Add(Read(reader));
        return messages;
    }

    /// <summary>Marks messages, in the order of their numbers, as published or with their error.</summary>
    public static async Task MarkAsync(
        NpgsqlConnection connection, IReadOnlyCollection<(OutboxMessage Message, string? Error)> results, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(MarkPublished, connection)
        {
            Parameters =
            {
                new() { Value = results.Select(result => result.Message.Seq).ToArray() },
                new() { Value = results.Select(result => result.Error).ToArray() },
                new() { Value = now },
            },
        };
        await command.PrepareAsync(cancellationToken);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public static async Task<OutboxDepth> MeasureAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectDepth, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset?>(1));
    }

    /// <summary>Deletes rows from before a time, in bounded batches.</summary>
    public static async Task DeleteAsync(
        NpgsqlConnection connection, string sql, DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { new() { Value = before }, new() { Value = DeleteBatch } },
        };
        while (await command.ExecuteNonQueryAsync(cancellationToken) == DeleteBatch)
            ;
    }

    private static OutboxMessage Read(NpgsqlDataReader reader) => new()
    {
        Seq = reader.GetInt64(0),
        EventId = new EventId(reader.GetGuid(1)),
        Topic = reader.GetString(2),
        Type = reader.GetString(3),
        Subject = reader.GetGuid(4),
        Sequence = reader.GetInt64(5),
        Version = reader.GetInt32(6),
        Payload = reader.GetString(7),
        OccurredAt = reader.GetFieldValue<DateTimeOffset>(8),
        Origin = new(
            reader.IsDBNull(9) ? null : new EventId(reader.GetGuid(9)),
            reader.IsDBNull(10) ? null : new CorrelationId(reader.GetGuid(10)),
            reader.IsDBNull(11) ? null : reader.GetString(11),
            reader.IsDBNull(12) ? null : reader.GetString(12)),
    };
}

/// <summary>The number of unpublished messages, and the time of the oldest.</summary>
internal readonly record struct OutboxDepth(long Pending, DateTimeOffset? OldestAt);

namespace ForgeShop.Messaging;

/// <summary>The SQL of the outbox.</summary>
internal static class OutboxTable
{
    /// <summary>A session lock: PostgreSQL releases it when the connection ends, for whatever reason.</summary>
    private const string TryElect = "SELECT pg_try_advisory_lock(hashtext('forgeshop.outbox.relay'))";

    // The rows are numbered in the order of the arrays.
    private const string Insert = """
        INSERT INTO outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at,
            causation_id, correlation_id, trace_parent, trace_state)
        SELECT event_id, topic, type, subject, sequence, version, payload::json, occurred_at,
            causation_id, correlation_id, trace_parent, trace_state
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9::uuid[], $10::uuid[], $11::text[], $12::text[]) WITH ORDINALITY AS message
            (event_id, topic, type, subject, sequence, version, payload, occurred_at,
            causation_id, correlation_id, trace_parent, trace_state, number)
        ORDER BY number
        """;

    // By status and never "behind the last row that was read": transactions commit in another order than they insert.
    internal const string SelectUnpublished = """
        SELECT seq, event_id, topic, type, subject, sequence, version, payload, occurred_at, causation_id, correlation_id, trace_parent, trace_state
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

    private const string DeletePublished =
        "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE occurred_at < $1 AND published_at IS NOT NULL LIMIT $2)";

    private const string DeleteReceived =
        "DELETE FROM inbox WHERE event_id IN (SELECT event_id FROM inbox WHERE received_at < $1 LIMIT $2)";

    private const string Replay = """
        UPDATE outbox SET published_at = NULL, error = NULL
        WHERE seq IN (SELECT seq FROM outbox WHERE occurred_at >= $1 AND (published_at < $2 OR error IS NOT NULL) LIMIT $3)
        """;

    private const int DeleteBatch = 1000;
    private const int ReplayBatch = 5000;

    public static async Task<bool> TryElectAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TryElect, connection);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public static async Task InsertAsync(
        NpgsqlTransaction transaction, IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
            return;
        await using var command = new NpgsqlCommand(Insert, transaction.Connection, transaction)
        {
            Parameters =
            {
                Column(message => message.EventId.Value), Column(message => message.Topic), Column(message => message.Type),
                Column(message => message.Subject), Column(message => message.Sequence), Column(message => message.Version),
                Column(message => message.Payload), Column(message => message.OccurredAt),
                Column(message => message.Origin.CausationId?.Value), Column(message => message.Origin.CorrelationId?.Value),
                Column(message => message.Origin.TraceParent), Column(message => message.Origin.TraceState),
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);

        NpgsqlParameter Column<T>(Func<OutboxMessage, T> value) => new() { Value = messages.Select(value).ToArray() };
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

    /// <summary>Marks a batch in one statement: published where there is no error, passed over where there is one.</summary>
    /// <param name="connection">The connection of the relay.</param>
    /// <param name="results">The results in the order of the messages, which is that of their numbers.</param>
    /// <param name="now">The time of the acknowledgements.</param>
    /// <param name="cancellationToken">Cancels the statement.</param>
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
        return new(reader.GetInt64(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>Deletes rows beyond their retention, in bounded batches.</summary>
    public static async Task CleanUpAsync(
        NpgsqlConnection connection, DateTimeOffset publishedBefore, DateTimeOffset receivedBefore, CancellationToken cancellationToken)
    {
        while (await ExecuteAsync(connection, DeletePublished, cancellationToken, publishedBefore, DeleteBatch) == DeleteBatch)
            ;
        while (await ExecuteAsync(connection, DeleteReceived, cancellationToken, receivedBefore, DeleteBatch) == DeleteBatch)
            ;
    }

    /// <summary>Marks everything since <paramref name="since"/> as unpublished, in bounded batches.</summary>
    /// <returns>The number of messages that the relay publishes again.</returns>
    public static async Task<long> ReplayAsync(
        NpgsqlConnection connection, DateTimeOffset since, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (total, count) = (0L, ReplayBatch);
        for (; count == ReplayBatch; total += count)
            count = await ExecuteAsync(connection, Replay, cancellationToken, since, now, ReplayBatch);
        return total;
    }

    private static async Task<int> ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return await command.ExecuteNonQueryAsync(cancellationToken);
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

/// <summary>Connects relay and operators to the database that contains the outbox.</summary>
internal sealed class OutboxDatabase(string connectionString)
{
    /// <summary>Opens a connection outside the pool: a pooled connection that is given back would keep its session lock.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// On a young table the planner prefers a bitmap scan and a sort to the partial index, which makes each read many times slower.
    /// </summary>
    public async Task<NpgsqlConnection> ConnectRelayAsync(CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        await using var plan = new NpgsqlCommand(
            "SET enable_bitmapscan = off; SET enable_seqscan = off; SET enable_sort = off", connection);
        await plan.ExecuteNonQueryAsync(cancellationToken);
        return connection;
    }
}

using ForgeShop.Contracts;
using ForgeShop.Messaging.Kafka;
using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>The tables inbox_stream and inbox_parked, within the caller's transaction if there is one.</summary>
internal sealed class InboxStreamTable(NpgsqlConnection connection, NpgsqlTransaction? transaction = null)
{
    private const string BeginStream = """
        INSERT INTO inbox_stream AS s (topic, subject, log_partition, sequence, event_id, parked) VALUES ($1, $2, $3, 1, $4, 0)
        ON CONFLICT (topic, subject) DO UPDATE SET log_partition = $3, sequence = 1, event_id = $4, dead = NULL WHERE s.sequence IS NULL OR s.sequence = 0
        RETURNING parked
        """;

    private const string AdvanceStream = """
        UPDATE inbox_stream SET log_partition = $3, sequence = $5, event_id = $4, dead = NULL
        WHERE topic = $1 AND subject = $2 AND sequence = $5 - 1
        RETURNING parked
        """;

    private const string AddStream = "INSERT INTO inbox_stream (topic, subject, log_partition, parked) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING";

    private const string LockStream = "SELECT sequence, event_id, parked FROM inbox_stream WHERE topic = $1 AND subject = $2 FOR UPDATE";

    private const string Park = """
        WITH added AS (
            INSERT INTO inbox_parked (topic, subject, sequence, event_id, type, message, parked_at) VALUES ($1, $2, $3, $4, $5, $6::json, $7)
            ON CONFLICT DO NOTHING RETURNING 1
        )
        UPDATE inbox_stream SET parked = parked + (SELECT count(*) FROM added), dead = nullif(dead, $3) WHERE topic = $1 AND subject = $2
        """;

    private const string Forget = """
        WITH gone AS (DELETE FROM inbox_parked WHERE topic = $1 AND subject = $2 AND sequence <= $3 RETURNING 1)
        UPDATE inbox_stream SET parked = parked - (SELECT count(*) FROM gone) WHERE topic = $1 AND subject = $2
        RETURNING parked
        """;

    private const string SelectNext = """
        SELECT p.message FROM inbox_stream s JOIN inbox_parked p USING (topic, subject)
        WHERE topic = $1 AND subject = $2 AND p.sequence = coalesce(s.sequence, 0) + 1 AND s.dead IS DISTINCT FROM p.sequence
        """;

    private const string StopBefore = """
        INSERT INTO inbox_stream AS s (topic, subject, log_partition, sequence, dead, parked) VALUES ($1, $2, $3, CASE WHEN $4 = 1 THEN 0 END, $4, 0)
        ON CONFLICT (topic, subject) DO UPDATE SET dead = $4, sequence = coalesce(s.sequence, excluded.sequence) WHERE s.sequence IS NULL OR s.sequence <= $5
        """;

    private const string Begin = """
        UPDATE inbox_stream SET sequence = (SELECT min(sequence) FROM inbox_parked WHERE topic = $1 AND subject = $2) - 1
        WHERE topic = $1 AND subject = $2 AND sequence IS NULL
        """;

    private const string GiveUp = """
        INSERT INTO inbox_stream AS s (topic, subject, log_partition, sequence, parked) VALUES ($1, $2, $3, $4, 0)
        ON CONFLICT (topic, subject) DO UPDATE SET sequence = $4, event_id = NULL, dead = NULL WHERE s.sequence IS NULL OR s.sequence < $4
        """;

    private const string SelectWaiting = """
        SELECT s.topic, s.subject, s.log_partition, s.sequence, p.message
        FROM unnest($1::text[], $2::integer[]) AS mine (topic, log_partition) JOIN inbox_stream s USING (topic, log_partition),
            LATERAL (SELECT message FROM inbox_parked WHERE topic = s.topic AND subject = s.subject ORDER BY sequence LIMIT 1) p
        WHERE s.parked > 0 AND s.dead IS NULL LIMIT $3
        """;

    private const string SelectDepth =
        "SELECT count(*), count(dead), coalesce(sum(parked), 0)::bigint FROM inbox_stream WHERE parked > 0 OR dead IS NOT NULL";

    /// <summary>Whoever handles an event of the same stream at this moment is waited for.</summary>
    /// <returns>How many later events are parked; null if it is not this event's turn.</returns>
    public async Task<int?> TakeTurnAsync(ReceivedEvent received, CancellationToken cancellationToken)
    {
        var (context, first) = (received.Context, received.Context.Sequence == 1);
        await using var command = Command(first ? BeginStream : AdvanceStream, context.Topic, context.Subject, received.Partition, context.Id.Value);
        if (!first)
            command.Parameters.Add(new() { Value = context.Sequence });
        return (int?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>Drops or parks an event whose turn it is not.</summary>
    /// <returns>Null if it has become its turn meanwhile.</returns>
    public async Task<InboxResult?> SetAsideAsync(ReceivedEvent received, int limit, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (key, context) = (received.Stream, received.Context);
        await ExecuteAsync(AddStream, cancellationToken, key.Topic, key.Subject, received.Partition);
        var (sequence, eventId, parked) = await LockAsync(key, cancellationToken);
        if (context.Sequence <= sequence)
        {
            UnreadableMessageException.ThrowIfAnother(context, sequence.Value, eventId);
            return new(InboxVerdict.Duplicate, parked > 0);
        }
        if (context.Sequence == (sequence ?? 0) + 1)
            return null;
        if (parked >= limit)
            throw new ParkingFullException(limit);
        var message = ParkedMessage.Of(received.Message, context.Sequence, now).ToJson();
        await ExecuteAsync(Park, cancellationToken, key.Topic, key.Subject, context.Sequence, context.Id.Value, context.Type, message, now);
        return new(InboxVerdict.Parked, false);
    }

    private async Task<(long? Sequence, EventId? EventId, int Parked)> LockAsync(StreamKey key, CancellationToken cancellationToken)
    {
        await using var command = Command(LockStream, key.Topic, key.Subject);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.IsDBNull(0) ? null : reader.GetInt64(0), reader.IsDBNull(1) ? null : new EventId(reader.GetGuid(1)), reader.GetInt32(2));
    }

    /// <summary>Deletes what is parked up to <paramref name="sequence"/>.</summary>
    /// <returns>How many are left.</returns>
    public async Task<int> ForgetAsync(StreamKey key, long sequence, CancellationToken cancellationToken)
    {
        await using var command = Command(Forget, key.Topic, key.Subject, sequence);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<ParkedMessage?> NextAsync(StreamKey key, CancellationToken cancellationToken)
    {
        await using var command = Command(SelectNext, key.Topic, key.Subject);
        return await command.ExecuteScalarAsync(cancellationToken) is string json ? ParkedMessage.FromJson(json) : null;
    }

    public Task StopBeforeAsync(StreamKey key, int partition, long sequence, long? handled, CancellationToken cancellationToken) =>
        ExecuteAsync(StopBefore, cancellationToken, key.Topic, key.Subject, partition, sequence, handled ?? 0);

    public async Task BeginAsync(StreamKey key, CancellationToken cancellationToken)
    {
        await LockAsync(key, cancellationToken); // What is parked at this moment is waited for, and may be the earliest.
        await ExecuteAsync(Begin, cancellationToken, key.Topic, key.Subject);
    }

    public async Task GiveUpAsync(StreamKey key, int partition, long upTo, CancellationToken cancellationToken)
    {
        await ExecuteAsync(GiveUp, cancellationToken, key.Topic, key.Subject, partition, upTo);
        await ForgetAsync(key, upTo, cancellationToken);
    }

    public async Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(string[] topics, int[] partitions, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(SelectWaiting, topics, partitions, limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var waiting = new List<WaitingStream>();
        while (await reader.ReadAsync(cancellationToken))
        {
            waiting.Add(new(
                new(reader.GetString(0), reader.GetGuid(1)), reader.GetInt32(2), reader.IsDBNull(3) ? null : reader.GetInt64(3),
                ParkedMessage.FromJson(reader.GetString(4))));
        }
        return waiting;
    }

    public async Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken)
    {
        await using var command = Command(SelectDepth);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection, transaction);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return command;
    }
}

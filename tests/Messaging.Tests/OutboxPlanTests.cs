using Npgsql;

namespace ForgeShop.Messaging.Tests;

/// <summary>PostgreSQL's plans for the relay's statements, on a young and on a large table.</summary>
public sealed class OutboxPlanTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    [Theory]
    [InlineData(0, "force_custom_plan")]
    [InlineData(0, "force_generic_plan")]
    [InlineData(50_000, "force_custom_plan")]
    [InlineData(50_000, "force_generic_plan")]
    public async Task Relay_reads_and_marks_by_the_partial_index(int published, string mode)
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        await service.DisposeAsync();
        await using var server = await Servers.ConnectAsync(service.Database);
        await ExecuteAsync(server, $$"""
            INSERT INTO outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at, published_at)
            SELECT gen_random_uuid(), 't', 'x', gen_random_uuid(), 1, 1, '{}', now(), CASE WHEN n <= {{published}} THEN now() END
            FROM generate_series(1, {{published}} + 1000) n
            """);
        if (published > 0)
            await ExecuteAsync(server, "ANALYZE outbox");
        await using var relay = new NpgsqlConnection($"{service.Database};Pooling=false");
        await relay.OpenAsync(Cancelled);
        (await OutboxTable.TryElectAsync(relay, Cancelled)).ShouldBeTrue();
        await ExecuteAsync(relay, $"SET plan_cache_mode = {mode}");
        await ExecuteAsync(relay, $"PREPARE read (int) AS {OutboxTable.SelectUnpublished}");
        await ExecuteAsync(relay, $"PREPARE mark (bigint[], text[], timestamptz) AS {OutboxTable.MarkPublished}");

        var read = await ExplainAsync(relay, "EXECUTE read (1000)");
        var mark = await ExplainAsync(
            relay, $"EXECUTE mark (array_fill({published + 1}::bigint, ARRAY[1000]), array_fill(NULL::text, ARRAY[1000]), now())");

        read.ShouldContain("Index Scan using ix_outbox_unpublished");
        read.ShouldNotContain("Sort");
        mark.ShouldContain("Index Cond: ((seq >=");
        foreach (var plan in new[] { read, mark })
        {
            plan.ShouldNotContain("Seq Scan");
            plan.ShouldNotContain("Bitmap");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private static async Task<string> ExplainAsync(NpgsqlConnection connection, string statement)
    {
        await using var explain = new NpgsqlCommand("EXPLAIN " + statement, connection);
        var plan = new List<string>();
        await using var reader = await explain.ExecuteReaderAsync(Cancelled);
        while (await reader.ReadAsync(Cancelled))
            plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }
}

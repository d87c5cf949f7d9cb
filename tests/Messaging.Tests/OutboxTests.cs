using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ForgeShop.Messaging.Tests;

/// <summary>What the outbox of a relational database promises beyond the contract.</summary>
public sealed class OutboxTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private async Task<EntityFrameworkCounters> StartAsync(params (string Key, string Value)[] settings)
    {
        var service = new EntityFrameworkCounters
        {
            Name = $"counters-{Guid.NewGuid():N}",
            Database = await servers.CreateDatabaseAsync(),
            Kafka = servers.Kafka.BootstrapServers,
            Consumes = false,
            Settings = settings.ToDictionary(setting => setting.Key, setting => setting.Value),
        };
        await service.StartAsync();
        return service;
    }

    [Fact]
    public async Task A_change_that_is_rolled_back_announces_nothing()
    {
        await using var service = await StartAsync();
        var counter = Guid.NewGuid();

        await service.InScopeAsync(db => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
            var changed = new Counter { Id = counter };
            db.Add(changed);
            db.Emit(changed, new CounterChanged(counter, 1, ""));
            await db.SaveChangesAsync(Cancelled);
            await transaction.RollbackAsync(Cancelled);
            return 0;
        }));

        (await service.OutboxAsync(counter)).ShouldBeEmpty();
        (await service.InScopeAsync(db => db.Counters.AnyAsync(known => known.Id == counter, Cancelled))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_change_that_fails_announces_nothing()
    {
        await using var service = await StartAsync();
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 1);

        await Should.ThrowAsync<DbUpdateException>(() => service.InScopeAsync(db =>
        {
            var again = new Counter { Id = counter, LastSequence = 1 };
            db.Add(again);
            db.Emit(again, new CounterChanged(counter, 2, ""));
            return db.SaveChangesAsync(Cancelled);
        }));

        (await service.OutboxAsync(counter)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Events_of_one_SaveChanges_keep_the_order_in_which_they_were_emitted()
    {
        await using var service = await StartAsync();
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 100);

        (await service.OutboxAsync(counter)).Select(message => message.Sequence).ShouldBe(Enumerable.Range(1, 100).Select(number => (long)number));
    }

    [Fact]
    public async Task The_commit_wakes_the_relay_and_not_the_poll()
    {
        await using var service = await StartAsync(("Messaging:PollInterval", "01:00:00"));
        var (saved, committed) = (Guid.NewGuid(), Guid.NewGuid());

        await service.CountAsync(saved, 1);
        await service.PublishedAsync(saved);
        await service.InScopeAsync(db => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(Cancelled);
            var counter = new Counter { Id = committed };
            db.Add(counter);
            db.Emit(counter, new CounterChanged(committed, 1, ""));
            await db.SaveChangesAsync(Cancelled);
            await transaction.CommitAsync(Cancelled);
            return 0;
        }));
        await service.PublishedAsync(committed);
    }

    [Fact]
    public async Task The_poll_finds_what_nobody_signalled()
    {
        await using var service = await StartAsync(("Messaging:PollInterval", "00:00:00.200"));
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 1);
        await service.PublishedAsync(counter);

        // As if its process had died after the commit.
        await using var database = NpgsqlDataSource.Create(service.Database);
        await using var command = database.CreateCommand("UPDATE outbox SET status = 0");
        await command.ExecuteNonQueryAsync(Cancelled);

        await service.PublishedAsync(counter);
        (await KafkaLog.SequencesAsync(servers.Kafka.BootstrapServers, "counter.events"))[counter].ShouldBe([1, 1]);
    }

    [Fact]
    public async Task What_Kafka_refuses_for_good_is_dead_with_the_reason_and_blocks_its_key_only_until_then()
    {
        await using var service = await StartAsync(("Messaging:MaxPublishAttempts", "3"));
        var (large, other) = (Guid.NewGuid(), Guid.NewGuid());
        await service.CountAsync(large, 1, new string('x', 2_000_000));
        await service.CountAsync(large, 1);
        await service.CountAsync(other, 1);

        await service.PublishedAsync(other);
        var outbox = await Eventually.Get("it is given up", _ => service.OutboxAsync(large), messages => messages[1].Status == OutboxStatus.Published, cancellationToken: Cancelled);

        outbox[0].Status.ShouldBe(OutboxStatus.Dead);
        outbox[0].Attempts.ShouldBe(3);
        outbox[0].Error.ShouldNotBeNull().ShouldContain("too large");
        service.Log.ShouldContain(line => line.Contains("is dead after 3 attempts", StringComparison.Ordinal));
        (await KafkaLog.SequencesAsync(servers.Kafka.BootstrapServers, "counter.events"))[large].ShouldBe([2]);
    }

    [Fact]
    public async Task A_published_event_is_a_CloudEvent_with_the_derived_ID_and_the_stored_bytes()
    {
        await using var service = await StartAsync();
        var (counter, ids) = (Guid.NewGuid(), new ForgeIds());
        await service.CountAsync(counter, 1, "Grüße, \"Kafka\"");
        await service.PublishedAsync(counter);
        var stored = (await service.OutboxAsync(counter)).Single();

        var message = (await KafkaLog.ReadAsync(servers.Kafka.BootstrapServers, "counter.events")).Single(message => KafkaLog.Header(message, "ce_subject") == counter.ToString());

        KafkaLog.Header(message, "ce_specversion").ShouldBe("1.0");
        KafkaLog.Header(message, "ce_id").ShouldBe(ids.Event(counter, "counter.changed", 1).ToString());
        KafkaLog.Header(message, "ce_type").ShouldBe("counter.changed");
        KafkaLog.Header(message, "ce_source").ShouldBe("/" + service.Name);
        KafkaLog.Header(message, "ce_sequence").ShouldBe("1");
        KafkaLog.Header(message, "ce_dataversion").ShouldBe("1");
        KafkaLog.Header(message, "ce_time").ShouldNotBeNull().ShouldEndWith("Z");
        DateTimeOffset.Parse(KafkaLog.Header(message, "ce_time")!).ShouldBe(stored.OccurredAt);
        KafkaLog.Header(message, "content-type").ShouldBe("application/json");
        message.Message.Key.ShouldBe(System.Text.Encoding.ASCII.GetBytes(counter.ToString("D")));
        message.Message.Value.ShouldBe(System.Text.Encoding.UTF8.GetBytes(stored.Payload));
        JsonSerializer.Deserialize<CounterChanged>(message.Message.Value, ContractsJson.Options).ShouldBe(new CounterChanged(counter, 1, "Grüße, \"Kafka\""));
        (message.Partition.Value, message.Offset.Value).ShouldBe((stored.Partition!.Value, stored.Offset!.Value));
    }

    [Fact]
    public async Task A_claim_reads_only_what_is_pending_however_much_was_published()
    {
        await using var service = await StartAsync();
        await using var database = NpgsqlDataSource.Create(service.Database);
        await using var fill = database.CreateCommand("""
            INSERT INTO outbox (id, topic, type, source, subject, sequence, data_version, payload, occurred_at, bucket, status, attempts, next_attempt_at, log_partition, log_offset)
            SELECT gen_random_uuid(), 't', 'x', '/x', gen_random_uuid(), 1, 1, '{}', now(), n % 16, 1, 1, now(), n % 12, n / 12 FROM generate_series(1, 50000) n;
            ANALYZE outbox
            """);
        await fill.ExecuteNonQueryAsync(Cancelled);

        foreach (var (sql, parameters) in EntityFrameworkOutbox<CountersDb>.RepeatedQueries)
            (await PlanAsync(database, sql, parameters)).ShouldNotContain("Seq Scan");
    }

    private static async Task<string> PlanAsync(NpgsqlDataSource database, string sql, object[] parameters)
    {
        await using var explain = database.CreateCommand("EXPLAIN " + sql);
        foreach (var parameter in parameters)
            explain.Parameters.Add(new() { Value = parameter });
        await using var reader = await explain.ExecuteReaderAsync(Cancelled);
        var plan = new List<string>();
        while (await reader.ReadAsync(Cancelled))
            plan.Add(reader.GetString(0));
        return string.Join('\n', plan);
    }
}

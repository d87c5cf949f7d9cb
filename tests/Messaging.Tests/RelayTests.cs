using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>Election, order and retention of the relay.</summary>
public sealed class RelayTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    [Fact]
    public async Task Standby_takes_over_when_the_connection_of_the_active_relay_ends()
    {
        var (first, second) = await StartReplicasAsync();
        await using (first)
        await using (second)
        {
            var counters = NewCounters(12);
            for (var i = 1; i <= 4; i++)
            {
                await EventuallyAsync($"relay {i} is elected", () => Elections(first) + Elections(second) >= i);
                var counting = Task.WhenAll(
                    counters.Select((counter, number) => (number % 2 == 0 ? first : second).CountAsync(counter, 20)));
                await TerminateRelayAsync(first.Database);
                await counting;
            }

            await AssertOrderAsync(counters, 80, first);
            await EventuallyAsync("relay 5 is elected", () => Elections(first) + Elections(second) >= 5);
        }
    }

    [Fact]
    public async Task Standby_takes_over_when_the_active_host_stops()
    {
        var (first, second) = await StartReplicasAsync();
        await using (first)
        await using (second)
        {
            await EventuallyAsync("a relay is elected", () => Elections(first) + Elections(second) == 1);
            var (active, standby) = Elections(first) == 1 ? (first, second) : (second, first);
            var counters = NewCounters(5);
            foreach (var counter in counters)
                await active.CountAsync(counter, 100);

            await active.DisposeAsync();
            foreach (var counter in counters)
                await standby.CountAsync(counter, 100);

            await AssertOrderAsync(counters, 200, standby);
            Elections(standby).ShouldBe(1);
        }
    }

    [Fact]
    public async Task Row_of_a_slower_transaction_is_published_after_later_rows()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var (slow, fast) = (Guid.NewGuid(), Guid.NewGuid());

        await service.InScopeAsync(db => Servicing.InTransactionAsync(db, async () =>
        {
            var counter = db.Add(new Counter { Id = slow }).Entity;
            db.Emit(counter, new CounterChanged(slow, 1, ""), MessageOrigin.None);
            await db.SaveChangesAsync(Cancelled);
            // Its row has the higher number, and its transaction commits first.
            await service.CountAsync(fast);
            await service.PublishedAsync(fast);
            return 0;
        }));

        await service.PublishedAsync(slow);
    }

    [Fact]
    public async Task Message_that_Kafka_refuses_is_recorded_and_skipped()
    {
        await using var service = await StartAsync(Kafka, consumes: false, ("Messaging:PollInterval", "00:10:00"));
        using var metrics = new MetricReader(service);
        var (large, others) = (Guid.NewGuid(), NewCounters(20));

        await service.InScopeAsync(async db =>
        {
            void Emit(Guid id, string note)
            {
                var counter = db.Counters.Local.FirstOrDefault(known => known.Id == id) ?? db.Add(new Counter { Id = id }).Entity;
                db.Emit(counter, new CounterChanged(id, 1, note), MessageOrigin.None);
            }

            Emit(large, "");
            others[..10].ForEach(id => Emit(id, ""));
            Emit(large, new string('x', 2_000_000));
            others.ForEach(id => Emit(id, ""));
            Emit(large, "");
            return await db.SaveChangesAsync(Cancelled);
        });

        foreach (var counter in others)
            await service.PublishedAsync(counter);
        var rows = await Eventually.Get("the outbox is done", _ => service.OutboxAsync(large), rows =>
            rows.TrueForAll(row => (row.PublishedAt is null) != (row.Error is null)), cancellationToken: Cancelled);
        rows.ConvertAll(row => row.Error is null).ShouldBe([true, false, true]);
        rows[1].Error!.ShouldContain("too large", Case.Insensitive);
        var log = await KafkaLog.SequencesAsync(Kafka, Topic);
        log[large].ShouldBe([1, 3]);
        foreach (var counter in others)
            log[counter].ShouldBe(UpTo(others.IndexOf(counter) < 10 ? 2 : 1));
        await EventuallyAsync("the refusal is logged", () => service.Logged("refuses message"));
        metrics.Sum("forgeshop.messaging.refused", ("messaging.destination.name", Topic)).ShouldBe(1);
        metrics.Sum("forgeshop.messaging.published").ShouldBe(32);
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Outbox_and_inbox_are_cleaned_up_in_batches_after_their_retention()
    {
        await using var service = await StartAsync(Kafka, consumes: false, ("Messaging:CleanUpInterval", "00:00:00.100"));
        await service.InScopeAsync(db => db.Database.ExecuteSqlRawAsync(
            """
            INSERT INTO outbox (event_id, topic, type, subject, sequence, version, payload, occurred_at, published_at, error)
            SELECT gen_random_uuid(), 't', 'x', gen_random_uuid(), 1, 1, '{{}}', now() - interval '1 day' * ((n - 1) % 10),
                CASE WHEN n < 5000 THEN now() END, CASE WHEN n = 5000 THEN 'refused' END
            FROM generate_series(1, 5000) n;
            INSERT INTO inbox (event_id, received_at)
            SELECT gen_random_uuid(), now() - interval '1 day' * (n % 20) FROM generate_series(1, 6000) n
            """, Cancelled));

        // Beyond the retention are three of the ten days of the outbox and six of the twenty days of the inbox. A refused message stays.
        await Eventually.Get(
            "old rows are deleted", _ =>
                CountAsync("SELECT count(*) FROM outbox WHERE occurred_at < now() - interval '7 days'"), rows =>
                rows == 1, cancellationToken: Cancelled);
        await Eventually.Get(
            "old IDs are deleted", _ =>
                CountAsync("SELECT count(*) FROM inbox WHERE received_at < now() - interval '14 days'"), rows =>
                rows == 0, cancellationToken: Cancelled);
        (await CountAsync("SELECT count(*) FROM outbox")).ShouldBe(3501);
        (await CountAsync("SELECT count(*) FROM inbox")).ShouldBe(4200);
        (await CountAsync("SELECT count(*) FROM outbox WHERE error IS NOT NULL")).ShouldBe(1);

        Task<int> CountAsync(string sql) =>
            service.InScopeAsync(db =>
            db.Database.SqlQueryRaw<int>(sql.Replace("count(*)", "count(*)::int AS \"Value\"", StringComparison.Ordinal))
            .SingleAsync(Cancelled));
    }

    [Fact]
    public async Task Clock_that_was_set_back_delays_nothing()
    {
        var time = new ShiftedTime { Offset = TimeSpan.FromHours(1) };
        await using var service = await StartAsync(
            new CounterService { Kafka = Kafka, Database = await Servers.CreateDatabaseAsync(), Time = time });
        var counter = Guid.NewGuid();
        await service.CountAsync(counter);
        await service.HandledAsync(counter, 1);

        time.Offset = TimeSpan.Zero;
        await service.CountAsync(counter);
        await service.HandledAsync(counter, 2);
        // An event that waits since the clock was ahead.
        await service.InScopeAsync(db =>
            db.Database.ExecuteSqlRawAsync("UPDATE outbox SET published_at = NULL, occurred_at = now() + interval '1 hour'", Cancelled));

        (await service.PublishedAsync(counter)).Count.ShouldBe(2);
        await service.HealthAsync(HealthStatus.Healthy);
    }

    private async Task<(CounterService First, CounterService Second)> StartReplicasAsync()
    {
        var (database, name) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}");
        CounterService Service() => new()
        {
            Name = name, Kafka = Kafka, Database = database,
            Settings = [("Messaging:PublishBatchSize", "20"), ("Messaging:PollInterval", "00:00:00.200")],
        };
        return (await StartAsync(Service()), await StartAsync(Service()));
    }

    /// <summary>Everything is published, in the order of each aggregate, and handled once.</summary>
    private async Task AssertOrderAsync(List<Guid> counters, int count, CounterService service)
    {
        foreach (var counter in counters)
        {
            (await service.HandledAsync(counter, count)).ShouldBe(UpTo(count));
            await service.PublishedAsync(counter);
        }
        var log = await KafkaLog.SequencesAsync(Kafka, Topic);
        foreach (var counter in counters)
            log[counter].Distinct().ShouldBe(UpTo(count));
    }

    private async Task TerminateRelayAsync(string database)
    {
        await using var connection = await Servers.ConnectAsync(database);
        await using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM "
            + "pg_database WHERE datname = current_database())";
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private static int Elections(CounterService service) => service.Log.Count(line => line.Contains("Elected", StringComparison.Ordinal));
}

using System.Data.Common;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>Consumers that fail, are killed, or share their partitions.</summary>
public sealed class ConsumerTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    [Fact]
    public async Task Consumer_killed_between_commit_and_offset_repeats_nothing()
    {
        var (database, counter, committed) = (await Servers.CreateDatabaseAsync(), Guid.NewGuid(), 0);
        var killed = new CounterService
        {
            Name = "killed", Kafka = Kafka, Database = database,
            Replace = AfterCommit((effects, token) =>
            {
                var count = effects.Count(effect => effect.CounterId == counter);
                committed += count;
                return count > 0 && committed == 5 ? Task.Delay(Timeout.Infinite, token) : Task.CompletedTask;
            }),
        };
        await using (killed)
        {
            await killed.StartAsync();
            await killed.CountAsync(counter, 5);
            await killed.HandledAsync(counter, 5);
        }

        await using var next = await StartAsync(new CounterService { Name = "killed", Kafka = Kafka, Database = database });
        using var metrics = new MetricReader(next);
        await next.CountAsync(counter);

        (await next.HandledAsync(counter, 6)).ShouldBe(UpTo(6));
        await EventuallyAsync("the duplicates are counted", () => metrics.Sum("forgeshop.messaging.duplicates") > 0);
    }

    [Fact]
    public async Task Batch_whose_commit_is_not_acknowledged_is_repeated_without_effect()
    {
        var failures = 0;
        await using var service = await StartAsync(new CounterService
        {
            Kafka = Kafka, Database = await Servers.CreateDatabaseAsync(),
            Replace = AfterCommit((_, _) => Interlocked.Increment(ref failures) <= 2
                ? throw new InvalidOperationException("the connection is lost") : Task.CompletedTask),
        });
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 5);
        await service.HandledAsync(counter, 5);
        await service.CountAsync(counter);

        (await service.HandledAsync(counter, 6)).ShouldBe(UpTo(6));
        failures.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Failed_attempt_leaves_no_effect()
    {
        await using var service = await StartAsync(Kafka);
        var (counter, failures) = (Guid.NewGuid(), 0);
        service.Script.After = async (db, context) =>
        {
            if (context.Subject != counter)
                return;
            await db.SaveChangesAsync(Cancelled);
            if (++failures <= 3)
                throw new InvalidOperationException("after the effect");
        };

        await service.CountAsync(counter, 2);

        (await service.HandledAsync(counter, 2)).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Consumer_that_gathers_handles_messages_of_some_time_as_one_batch()
    {
        await using var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        // The gathering ends with the batch size, so it does not matter how long the messages take.
        await using var service = await StartAsync(new CounterService
        {
            Kafka = kafka, Database = await Servers.CreateDatabaseAsync(), GatherTime = TimeSpan.FromMinutes(10),
            Settings = [("Messaging:ConsumeBatchSize", "3")],
        });
        var counters = NewCounters(6);

        foreach (var batch in counters.Chunk(3))
        {
            foreach (var counter in batch)
                await KafkaLog.ProduceAsync(kafka, Topic, CounterMessage.Labelled(counter, 1)); // each is acknowledged before the next
            await service.HandledAsync(batch[0], 1);
        }

        service.Script.Batches.Select(batch => batch.Count).ShouldBe([3, 3]);
    }

    [Fact]
    public async Task Consumer_that_gathers_handles_what_it_has_when_the_time_is_over()
    {
        await using var service = await StartAsync(new CounterService
        {
            Kafka = Kafka, Database = await Servers.CreateDatabaseAsync(), GatherTime = TimeSpan.FromMilliseconds(200),
        });
        var counter = Guid.NewGuid();

        await KafkaLog.ProduceAsync(Kafka, Topic, CounterMessage.Labelled(counter, 1));

        await service.HandledAsync(counter, 1);
    }

    [Fact]
    public async Task Rebalance_during_a_batch_loses_and_repeats_nothing()
    {
        var (database, name, counters) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", NewCounters(40));
        await KafkaLog.ProduceAsync(
            Kafka, Topic, [.. counters.SelectMany(counter => UpTo(10).Select(sequence => CounterMessage.Changed(counter, sequence)))]);
        var release = new TaskCompletionSource();
        var first = new CounterService { Name = name, Kafka = Kafka, Database = database };
        var second = new CounterService { Name = name, Kafka = Kafka, Database = database };
        first.Script.Before = (_, _, _) => release.Task;
        await using (first)
        await using (second)
        {
            await first.StartAsync();
            await EventuallyAsync("a batch is being handled", () => !first.Script.Contexts.IsEmpty);
            await second.StartAsync();
            // The second replica joins the group while the batch of the first runs.
            await Task.Delay(TimeSpan.FromSeconds(1), Cancelled);
            release.SetResult();

            foreach (var counter in counters)
                (await second.HandledAsync(counter, 10)).ShouldBe(UpTo(10));
            var later = new List<Guid>();
            await Eventually.True(
                "both handle later events",
                async _ =>
                {
                    later.Add(Guid.NewGuid());
                    await first.CountAsync(later[^1]);
                    await first.HandledAsync(later[^1], 1);
                    return Array.TrueForAll(
                        [first, second], replica => replica.Script.Contexts.Any(context => later.Contains(context.Subject)));
                },
                cancellationToken: Cancelled);
            foreach (var counter in later)
                (await first.EffectsAsync(counter)).ShouldBe([1]);
        }
    }

    [Fact]
    public async Task Waiting_partition_continues_after_a_rebalance()
    {
        var (database, name, counters) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", NewCounters(30));
        var isBroken = true;
        CounterService Service()
        {
            var service = new CounterService { Name = name, Kafka = Kafka, Database = database,
                Settings = [("Messaging:MaxAttempts", "1000")] };
            service.Script.Before = (data, _, _) =>
                isBroken && counters.Contains(data.CounterId) ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
            return service;
        }

        await using var first = await StartAsync(Service());
        foreach (var counter in counters)
            await first.CountAsync(counter, 2);
        await first.HealthAsync(HealthStatus.Degraded, "partitions wait");
        await using (var second = await StartAsync(Service()))
        {
            await EventuallyAsync("the second replica has partitions", () => !second.Script.Contexts.IsEmpty);
        }
        // The second replica has left, so the first owns all partitions again.
        isBroken = false;

        foreach (var counter in counters)
            (await first.HandledAsync(counter, 2)).ShouldBe([1, 2]);
        await first.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Failing_message_delays_its_partition_only()
    {
        await using var service = await StartAsync(Kafka, ("Messaging:MaxAttempts", "1000"));
        var (failing, others) = (Guid.NewGuid(), NewCounters(40));
        var isBroken = true;
        service.Script.Before = (data, _, _) =>
            isBroken && data.CounterId == failing ? throw new InvalidOperationException("not yet") : Task.CompletedTask;

        await KafkaLog.ProduceAsync(Kafka, Topic, [.. others.Prepend(failing).Select(counter => CounterMessage.Changed(counter, 1))]);

        var partitions = (await KafkaLog.ReadAsync(Kafka, Topic))
            .ToLookup(message => message.Partition.Value, message => message.Header("ce_subject"));
        var delayed = partitions.Single(partition => partition.Contains(failing.ToString()));
        foreach (var counter in others.Where(counter => !delayed.Contains(counter.ToString())))
            await service.HandledAsync(counter, 1);
        await service.HealthAsync(HealthStatus.Degraded, "1 partitions wait");
        (await service.EffectsAsync(failing)).ShouldBeEmpty();
        foreach (var counter in others.Where(counter => delayed.Contains(counter.ToString())))
            (await service.EffectsAsync(counter)).ShouldBeEmpty("its partition waits");

        isBroken = false;
        foreach (var counter in others.Append(failing))
            (await service.HandledAsync(counter, 1)).ShouldBe([1]);
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Poison_message_in_a_batch_of_200_costs_one_dead_letter()
    {
        await using var kafka = new KafkaServer(partitions: 6);
        await kafka.StartAsync(Cancelled);
        var counters = NewCounters(20);
        var poison = counters[7];
        await KafkaLog.ProduceAsync(
            kafka, Topic, [.. UpTo(10).SelectMany(sequence => counters.Select(counter => CounterMessage.Changed(counter, sequence)))]);
        var service = new CounterService { Kafka = kafka, Database = await Servers.CreateDatabaseAsync(), Settings = [TwoAttempts] };
        service.Script.Before = (data, context, _) =>
            data.CounterId == poison && context.Sequence == 5 ? throw new InvalidOperationException("poison") : Task.CompletedTask;

        await using (await StartAsync(service))
        {
            foreach (var counter in counters.Where(counter => counter != poison))
                (await service.HandledAsync(counter, 10)).ShouldBe(UpTo(10));
            (await service.HandledAsync(poison, 9)).ShouldBe(UpTo(10).Where(sequence => sequence != 5));

            var letter = (await KafkaLog.ReadAsync(kafka, DeadLetterTopic)).ShouldHaveSingleItem();
            (letter.Header("ce_subject"), letter.Header("ce_sequence")).ShouldBe((poison.ToString(), "5"));
        }
    }

    /// <summary>Runs an action after each commit of the consumer, with the effects of the batch; none for duplicates.</summary>
    private static Action<IServiceCollection> AfterCommit(Func<List<Effect>, CancellationToken, Task> action) =>
        services => services.ConfigureDbContext<CountersDb>(options => options.AddInterceptors(new CommitInterceptor(action)));

    private sealed class CommitInterceptor(Func<List<Effect>, CancellationToken, Task> action) : DbTransactionInterceptor
    {
        private bool _hasHandled;

        public override Task TransactionCommittedAsync(
            DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            var tracked = eventData.Context!.ChangeTracker;
            List<Effect> effects = [.. tracked.Entries<Effect>().Select(entry => entry.Entity)];
            _hasHandled |= effects.Count > 0;
            // The test's own commits change counters.
            return _hasHandled && !tracked.Entries<Counter>().Any() ? action(effects, cancellationToken) : Task.CompletedTask;
        }
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>What messaging promises, whatever the store. Every store that has an outbox and an inbox passes it.</summary>
public abstract class MessagingContract(Servers servers, NewService create) : Contract(servers, create)
{
    [Fact]
    public async Task What_is_announced_is_handled_once_and_in_order()
    {
        await using var service = await StartAsync();
        var counters = Enumerable.Range(0, 5).Select(_ => Guid.NewGuid()).ToList();

        foreach (var counter in counters)
        {
            await service.CountAsync(counter, 10);
            await service.CountAsync(counter, 10);
        }

        foreach (var counter in counters)
        {
            await service.HandledAsync(counter, 20);
            (await service.HandledAsync(counter)).ShouldBe(Upto(20));
            await service.PublishedAsync(counter);
        }
        var log = await KafkaLog.SequencesAsync(Servers.Kafka.BootstrapServers, Topic);
        foreach (var counter in counters)
            log[counter].ShouldBe(Upto(20));
        (await service.HealthAsync()).ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Two_relays_keep_the_order_of_every_key_although_both_fail_again_and_again()
    {
        var (database, name, random) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", new Random(1));
        bool FailsToMark()
        {
            lock (random)
                return random.Next(100) < 30;
        }
        var small = new Dictionary<string, string> { ["Messaging:BatchSize"] = "20" };
        await using var first = await StartAsync(database, name, replace: services => FaultyOutbox.Install(services, FailsToMark), settings: small);
        await using var second = await StartAsync(database, name, replace: services => FaultyOutbox.Install(services, FailsToMark), settings: small);
        var counters = Enumerable.Range(0, 12).Select(_ => Guid.NewGuid()).ToList();

        await Task.WhenAll(counters.Select(async (counter, index) =>
        {
            for (var time = 0; time < 15; time++)
                await ((index + time) % 2 == 0 ? first : second).CountAsync(counter, 2);
        }));

        foreach (var counter in counters)
        {
            await first.HandledAsync(counter, 30);
            await first.PublishedAsync(counter);
            (await first.HandledAsync(counter)).ShouldBe(Upto(30));
        }
        var log = await KafkaLog.SequencesAsync(Servers.Kafka.BootstrapServers, Topic);
        foreach (var counter in counters)
            log[counter].Distinct().ShouldBe(Upto(30)); // What consumers act on: the first copy of each.
    }

    [Fact]
    public async Task A_relay_that_dies_between_acknowledgement_and_mark_publishes_twice_and_the_second_copy_is_dropped()
    {
        var deaths = 3;
        await using var service = await StartAsync(replace: services => FaultyOutbox.Install(services, () => Interlocked.Decrement(ref deaths) >= 0));
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 3);
        await service.PublishedAsync(counter);
        await service.HandledAsync(counter, 3);
        // Behind all the copies: once it is handled, so are they.
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 4);

        (await KafkaLog.SequencesAsync(Servers.Kafka.BootstrapServers, Topic))[counter].ShouldBe([1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4]);
        (await service.HandledAsync(counter)).ShouldBe(Upto(4));
    }

    [Fact]
    public async Task A_handler_that_fails_is_tried_again_while_other_keys_go_on()
    {
        await using var service = await StartAsync();
        var (failing, other) = (Guid.NewGuid(), Guid.NewGuid());
        var failures = 0;
        var release = new TaskCompletionSource();
        service.Faults.BeforeHandling = (@event, context) =>
            @event.CounterId == failing && context.Sequence == 1 && (!release.Task.IsCompleted || ++failures < 2) ? throw new InvalidOperationException("not now") : Task.CompletedTask;

        await service.CountAsync(failing, 3);
        await service.CountAsync(other, 3);
        await service.HandledAsync(other, 3);
        (await service.HandledAsync(failing)).ShouldBeEmpty();
        release.SetResult();

        await service.HandledAsync(failing, 3);
        (await service.HandledAsync(failing)).ShouldBe(Upto(3));
    }

    [Fact]
    public async Task A_failure_after_the_effect_does_not_double_it()
    {
        await using var service = await StartAsync();
        var (counter, failures) = (Guid.NewGuid(), 0);
        service.Faults.AfterHandling = (_, _) => Interlocked.Increment(ref failures) <= 2 ? throw new TimeoutException("too late") : Task.CompletedTask;

        await service.CountAsync(counter, 2);

        await service.HandledAsync(counter, 2);
        (await service.HandledAsync(counter)).ShouldBe(Upto(2));
        failures.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task A_service_that_stopped_goes_on_where_it_was()
    {
        var (database, name, counter) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid());
        await using (var before = await StartAsync(database, name))
        {
            await before.CountAsync(counter, 5);
            await before.HandledAsync(counter, 5);
        }

        var seenAgain = 0;
        await using var after = await StartAsync(database, name);
        after.Faults.BeforeHandling = (@event, context) => Task.FromResult(@event.CounterId == counter && context.Sequence <= 5 ? Interlocked.Increment(ref seenAgain) : 0);
        await after.CountAsync(counter, 5);
        await after.HandledAsync(counter, 10);

        (await after.HandledAsync(counter)).ShouldBe(Upto(10));
        seenAgain.ShouldBe(0);
    }

    [Fact]
    public async Task A_partition_is_paused_and_not_piled_up_in_memory()
    {
        await using var service = await StartAsync(settings: new Dictionary<string, string> { ["Messaging:MaxQueuedPerPartition"] = "10" });
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 200);

        await service.HandledAsync(counter, 200);
        (await service.HandledAsync(counter)).ShouldBe(Upto(200));
    }
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Tests;

/// <summary>What messaging promises when a server is away, or comes back as another.</summary>
public abstract class OutageContract(Servers servers, NewService create) : Contract(servers, create)
{
    [Fact]
    public async Task A_service_that_starts_before_its_broker_publishes_once_it_is_there()
    {
        await using var broker = new KafkaServer();
        await using var service = await StartAsync(kafka: broker, settings: new Dictionary<string, string> { ["Messaging:PublishTimeout"] = "00:00:01" });
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 3);
        await Eventually.True("the relay gives a batch up", _ => Task.FromResult(service.Log.Any(line => line.Contains("did not acknowledge", StringComparison.Ordinal))), cancellationToken: Cancelled);
        (await service.OutboxAsync(counter)).ShouldAllBe(message => message.Status == OutboxStatus.Pending);

        await broker.StartAsync(Cancelled);

        await service.HandledAsync(counter, 3);
        (await service.HandledAsync(counter)).ShouldBe(Upto(3));
    }

    [Fact]
    public async Task Broker_restart_with_its_log_delivers_what_waited_and_refills_nothing()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka: broker);
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 5);
        await service.HandledAsync(counter, 5);
        await service.PublishedAsync(counter);

        await broker.StopAsync(Cancelled);
        await service.CountAsync(counter, 5);
        await Eventually.True("the outage shows", async _ => await service.HealthAsync() == HealthStatus.Degraded, cancellationToken: Cancelled);
        await broker.StartAsync(Cancelled);

        await service.HandledAsync(counter, 10);
        await service.PublishedAsync(counter);
        (await service.HandledAsync(counter)).ShouldBe(Upto(10));
        (await KafkaLog.SequencesAsync(broker.BootstrapServers, Topic))[counter].Take(5).ShouldBe(Upto(5));
        service.Log.ShouldNotContain(line => line.Contains("Kafka has lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_broker_that_comes_back_empty_is_refilled_and_nothing_is_lost_or_doubled()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka: broker);
        var counters = Enumerable.Range(0, 8).Select(_ => Guid.NewGuid()).ToList();
        foreach (var counter in counters)
            await service.CountAsync(counter, 5);
        foreach (var counter in counters)
            await service.HandledAsync(counter, 5);

        await broker.StopAsync(Cancelled);
        await Eventually.True("the outage shows", async _ => await service.HealthAsync() == HealthStatus.Degraded, cancellationToken: Cancelled);
        // During the outage, some only: these events are the first in the new log, before the relay has verified it.
        foreach (var counter in counters.Take(4))
            await service.CountAsync(counter, 5);
        await broker.StartEmptyAsync(Cancelled);
        foreach (var counter in counters)
            await service.CountAsync(counter, 5);

        foreach (var (counter, index) in counters.Select((counter, index) => (counter, index)))
        {
            var count = index < 4 ? 15 : 10;
            await service.HandledAsync(counter, count);
            await service.PublishedAsync(counter);
            (await service.HandledAsync(counter)).ShouldBe(Upto(count));
        }
        var log = await KafkaLog.SequencesAsync(broker.BootstrapServers, Topic);
        foreach (var (counter, index) in counters.Select((counter, index) => (counter, index)))
            log[counter].Distinct().Order().ShouldBe(Upto(index < 4 ? 15 : 10));
        await Eventually.True("the outage is over", async _ => await service.HealthAsync() == HealthStatus.Healthy, cancellationToken: Cancelled);

        // Somebody who never read the old log misses nothing.
        await using var newcomer = await StartAsync(kafka: broker);
        foreach (var (counter, index) in counters.Select((counter, index) => (counter, index)))
            await newcomer.HandledAsync(counter, index < 4 ? 15 : 10);
    }

    [Fact]
    public async Task A_broker_that_was_emptied_while_nobody_ran_is_refilled_at_the_start()
    {
        var (database, name, counter) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid());
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using (var before = await StartAsync(database, name, broker))
        {
            await before.CountAsync(counter, 5);
            await before.HandledAsync(counter, 5);
        }
        await broker.StartEmptyAsync(Cancelled);

        await using var after = await StartAsync(database, name, broker);
        await using var newcomer = await StartAsync(kafka: broker);
        await newcomer.HandledAsync(counter, 5);
        await after.CountAsync(counter, 1);
        await after.HandledAsync(counter, 6);

        (await after.HandledAsync(counter)).ShouldBe(Upto(6));
    }

    [Fact]
    public async Task Events_that_reach_the_new_log_before_anybody_looked_at_it_do_not_hide_what_is_missing()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        var gate = Task.CompletedTask;
        await using var service = await StartAsync(kafka: broker, replace: services => FaultyOutbox.Install(services, () => false, () => Volatile.Read(ref gate)));
        var (published, next) = (Guid.NewGuid(), Guid.NewGuid());
        await service.CountAsync(published, 3);
        await service.HandledAsync(published, 3);
        await service.PublishedAsync(published);

        // The relay has verified the log, and stands before its next batch. Now the log is replaced.
        var closed = new TaskCompletionSource();
        Volatile.Write(ref gate, closed.Task);
        await service.CountAsync(next, 5);
        await broker.StartEmptyAsync(Cancelled);
        Volatile.Write(ref gate, Task.CompletedTask);
        closed.SetResult();

        await using var newcomer = await StartAsync(kafka: broker);
        await newcomer.HandledAsync(published, 3);
        await newcomer.HandledAsync(next, 5);
        (await newcomer.HandledAsync(published)).ShouldBe(Upto(3));
        (await newcomer.HandledAsync(next)).ShouldBe(Upto(5));
        await service.HandledAsync(next, 5);
        (await service.HandledAsync(published)).ShouldBe(Upto(3));
        (await service.HandledAsync(next)).ShouldBe(Upto(5));
        service.Log.ShouldContain(line => line.Contains("Kafka has lost what was published", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_consumer_whose_position_lies_inside_another_log_reads_that_log_from_its_beginning()
    {
        var (database, name, known, unknown) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid(), Guid.NewGuid());
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using (var service = await StartAsync(database, name, broker))
        {
            await service.CountAsync(known, 3);
            await service.HandledAsync(known, 3);
        }

        // While it is away the broker is replaced, and by the time it returns the new log has grown beyond its position.
        await broker.StartEmptyAsync(Cancelled);
        await using var other = await StartAsync(kafka: broker, consumes: false);
        await other.CountAsync(unknown, 20);
        await other.PublishedAsync(unknown);
        await using var returned = await StartAsync(database, name, broker);

        await returned.HandledAsync(unknown, 20);
        (await returned.HandledAsync(unknown)).ShouldBe(Upto(20));
        (await returned.HandledAsync(known)).ShouldBe(Upto(3));
        returned.Log.ShouldContain(line => line.Contains("Kafka has lost what was read", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_parked_event_whose_dead_letter_could_not_be_stored_is_not_forgotten_by_the_next_process()
    {
        var (database, name, counter) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid());
        await using var broker = new KafkaServer(partitions: 1);
        await using var away = new KafkaServer();
        await broker.StartAsync(Cancelled);
        var settings = new Dictionary<string, string> { ["Messaging:MaxHandleAttempts"] = "1", ["Messaging:PublishTimeout"] = "00:00:01" };
        void Poison(CounterService service) => service.Faults.BeforeHandling = (@event, context) =>
            @event.CounterId == counter && context.Sequence == 2 ? throw new InvalidOperationException("it never works") : Task.CompletedTask;

        // Its dead letters go to a broker that is away, and only they: nothing else ends while it tries to store one.
        await using (var killed = await StartAsync(database, name, broker, settings: settings, replace: services => services.AddSingleton(provider =>
            ActivatorUtilities.CreateInstance<DeadLetters>(
                provider, new KafkaSettings(Options.Create(new MessagingOptions { BootstrapServers = away.BootstrapServers }), provider.GetRequiredService<ServiceName>())))))
        {
            Poison(killed);
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 2));
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 1));
            await Eventually.True(
                "its dead letter cannot be stored",
                _ => Task.FromResult(killed.Log.Any(line => line.Contains("A dead letter could not be stored", StringComparison.Ordinal))), cancellationToken: Cancelled);
        }

        await using var service = await StartAsync(database, name, broker, settings: settings);
        Poison(service);
        var letter = await KafkaLog.DeadLetterAsync(broker.BootstrapServers, Topic, letter => KafkaLog.Header(letter, "ce_subject") == counter.ToString());

        KafkaLog.Header(letter, "ce_sequence").ShouldBe("2");
        KafkaLog.Header(letter, "dlq_cause").ShouldBe("failed");
        (await service.HandledAsync(counter)).ShouldBe([1]);
    }

    /// <summary>As Kafka's client itself says it: when the broker was emptied between two questions about what it has.</summary>
    [Fact]
    public async Task A_client_that_could_not_take_over_its_partitions_is_replaced()
    {
        var failure = new ConsumeException(new ConsumeResult<byte[], byte[]>(), new Error(ErrorCode.Local_AutoOffsetReset));
        await using var service = await StartAsync(replace: FaultyInbox.WhoseFirstLoadFails(failure));
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 3);

        await service.HandledAsync(counter, 3);
        service.Log.ShouldContain(line => line.Contains("could not be taken over", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_stops_in_time_although_its_broker_is_away()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        var service = await StartAsync(kafka: broker);
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 1);
        await broker.StopAsync(Cancelled);
        await service.CountAsync(counter, 1);
        await Eventually.True("the outage shows", async _ => await service.HealthAsync() == HealthStatus.Degraded, cancellationToken: Cancelled);

        var started = TimeProvider.System.GetTimestamp();
        await service.StopAsync();

        TimeProvider.System.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_database_that_was_restored_from_a_backup_reads_what_it_missed()
    {
        var (producers, name, counter) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid());
        await using var producer = await StartAsync(producers, $"{name}-producer", consumes: false);
        await using (var consumer = await StartAsync(name: name))
        {
            await producer.CountAsync(counter, 5);
            await consumer.HandledAsync(counter, 5);
        }

        // The oldest of all backups: an empty database. Kafka has the group's offsets still, and they are of no use.
        await using var restored = await StartAsync(name: name);
        await restored.HandledAsync(counter, 5);
        (await restored.HandledAsync(counter)).ShouldBe(Upto(5));
    }

    [Fact]
    public async Task A_store_that_is_away_stops_nothing_for_good_and_kills_no_message()
    {
        var (database, counter) = (await Servers.CreateDatabaseAsync(), Guid.NewGuid());
        await using var service = await StartAsync(database);
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 1);

        await using var other = await StartAsync(consumes: false);
        await Servers.ForbidConnectionsAsync(database);
        await other.CountAsync(counter, 4);
        await other.PublishedAsync(counter);
        await Eventually.True("the store's absence is noticed", _ => Task.FromResult(service.Log.Any(line => line.Contains("waits for the store", StringComparison.Ordinal))), cancellationToken: Cancelled);
        await Servers.AllowConnectionsAsync(database);

        await service.HandledAsync(counter, 4);
        (await service.HandledAsync(counter)).ShouldBe(Upto(4));
        (await KafkaLog.ReadAsync(Servers.Kafka.BootstrapServers, Topic + ".dlq")).ShouldNotContain(message => KafkaLog.Header(message, "ce_subject") == counter.ToString());
    }
}

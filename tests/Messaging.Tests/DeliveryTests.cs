using System.Text;
using System.Text.Json;
using ForgeShop.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>Delivery from the change to the effect, without faults.</summary>
public sealed class DeliveryTests(Servers servers, Broker broker) : SharedKafkaTest(servers, broker)
{
    [Fact]
    public async Task Events_are_handled_once_and_in_the_order_of_their_aggregate()
    {
        await using var service = await StartAsync(Kafka);
        var counters = NewCounters(5);

        for (var round = 0; round < 2; round++)
        {
            foreach (var counter in counters)
                await service.CountAsync(counter, 10);
        }

        foreach (var counter in counters)
            (await service.HandledAsync(counter, 20)).ShouldBe(UpTo(20));
        var log = await KafkaLog.SequencesAsync(Kafka, Topic);
        foreach (var counter in counters)
            log[counter].ShouldBe(UpTo(20));
        await service.HealthAsync(HealthStatus.Healthy);
    }

    [Fact]
    public async Task Published_event_is_a_CloudEvent_with_the_stored_bytes()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var counter = Guid.NewGuid();

        await service.CountAsync(counter, 1, "Grüße, \"Kafka\"");

        var stored = (await service.PublishedAsync(counter)).Single();
        var message = (await KafkaLog.ReadAsync(Kafka, Topic, counter)).ShouldHaveSingleItem();
        message.Header("ce_specversion").ShouldBe("1.0");
        message.Header("ce_id").ShouldBe(new ForgeIds().Event(counter, CounterChanged.Type, 1).ToString());
        message.Header("ce_type").ShouldBe(CounterChanged.Type);
        message.Header("ce_source").ShouldBe("/" + service.Name);
        message.Header("ce_sequence").ShouldBe("1");
        message.Header("ce_dataversion").ShouldBe("1");
        message.Header("ce_time")!.ShouldEndWith("Z");
        DateTimeOffset.Parse(message.Header("ce_time")!).ShouldBe(stored.OccurredAt);
        message.Header("content-type").ShouldBe("application/json");
        message.Message.Key.ShouldBe(Encoding.ASCII.GetBytes(counter.ToString("D")));
        message.Message.Value.ShouldBe(Encoding.UTF8.GetBytes(stored.Payload));
        JsonSerializer.Deserialize<CounterChanged>(message.Message.Value, ContractsJson.Options)
            .ShouldBe(new CounterChanged(counter, 1, "Grüße, \"Kafka\""));
    }

    [Fact]
    public async Task Events_of_one_SaveChanges_are_published_in_the_order_of_Emit()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var counters = NewCounters(3);

        await service.InScopeAsync(async db =>
        {
            var changed = counters.ConvertAll(counter => db.Add(new Counter { Id = counter }).Entity);
            for (var i = 1; i <= 150; i++)
                db.Emit(changed[i % 3], new CounterChanged(changed[i % 3].Id, i, ""), MessageOrigin.None);
            return await db.SaveChangesAsync(Cancelled);
        });

        foreach (var counter in counters)
            await service.PublishedAsync(counter);
        var log = await KafkaLog.SequencesAsync(Kafka, Topic);
        foreach (var counter in counters)
            log[counter].ShouldBe(UpTo(50));
    }

    [Fact]
    public async Task Change_that_is_rolled_back_leaves_no_event()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var counter = Guid.NewGuid();

        await Should.ThrowAsync<InvalidOperationException>(
            () => service.InScopeAsync(db => Servicing.InTransactionAsync<int>(db, async () =>
        {
            var changed = db.Add(new Counter { Id = counter }).Entity;
            db.Emit(changed, new CounterChanged(counter, 1, ""), MessageOrigin.None);
            await db.SaveChangesAsync(Cancelled);
            throw new InvalidOperationException("rolled back by the test");
        })));

        (await service.OutboxAsync(counter)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Event_that_is_emitted_twice_violates_the_unique_key()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var counter = Guid.NewGuid();
        Task SendAsync() => service.InScopeAsync(async db =>
        {
            db.Send(counter, 1, new ResetCounter(counter), MessageOrigin.None);
            return await db.SaveChangesAsync(Cancelled);
        });

        await SendAsync();

        await Should.ThrowAsync<DbUpdateException>(SendAsync);
        (await service.OutboxAsync(counter)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Command_is_handled_by_its_recipient()
    {
        await using var service = await StartAsync(Kafka);
        var counter = Guid.NewGuid();

        await service.InScopeAsync(async db =>
        {
            db.Send(counter, 1, new ResetCounter(counter), MessageOrigin.None);
            return await db.SaveChangesAsync(Cancelled);
        });

        (await service.HandledAsync(counter, 1)).ShouldBe([1]);
    }

    [Fact]
    public async Task Relay_is_woken_by_the_commit()
    {
        await using var service = await StartAsync(Kafka, consumes: false, ("Messaging:PollInterval", "00:10:00"));
        var (saved, committed) = (Guid.NewGuid(), Guid.NewGuid());

        await service.CountAsync(saved);
        await service.PublishedAsync(saved);
        await service.InScopeAsync(db => Servicing.InTransactionAsync(db, async () =>
        {
            var counter = db.Add(new Counter { Id = committed }).Entity;
            db.Emit(counter, new CounterChanged(committed, 1, ""), MessageOrigin.None);
            return await db.SaveChangesAsync(Cancelled);
        }));

        await service.PublishedAsync(committed);
    }

    [Fact]
    public async Task Relay_polls_for_rows_without_a_signal()
    {
        await using var service = await StartAsync(Kafka, consumes: false, ("Messaging:PollInterval", "00:00:00.200"));
        var counter = Guid.NewGuid();
        await service.CountAsync(counter);
        await service.PublishedAsync(counter);

        // As after a crash between the commit and the signal.
        await service.InScopeAsync(db => db.Database.ExecuteSqlRawAsync("UPDATE outbox SET published_at = NULL", Cancelled));

        await service.PublishedAsync(counter);
        (await KafkaLog.SequencesAsync(Kafka, Topic))[counter].ShouldBe([1, 1]);
    }

    [Fact]
    public async Task Message_of_an_undeclared_topic_is_refused_when_it_is_sent()
    {
        await using var service = await StartAsync(Kafka, consumes: false);
        var command = new Contracts.Events.ReleaseStock(default, default);

        var exception = await Should.ThrowAsync<InvalidOperationException>(() =>
            service.InScopeAsync(db => Task.FromResult(db.Send(Guid.NewGuid(), 1, command, MessageOrigin.None))));

        exception.Message.ShouldContain("inventory.commands");
    }

    [Fact]
    public async Task Duplicates_are_dropped_in_one_batch_and_in_later_ones()
    {
        var counter = Guid.NewGuid();
        await using var service = await StartAsync(Kafka);
        using var metrics = new MetricReader(service);

        await KafkaLog.ProduceAsync(
            Kafka, Topic, [.. new long[] { 1, 1, 2, 1 }.Select(sequence => CounterMessage.Changed(counter, sequence))]);
        await service.HandledAsync(counter, 2);
        await KafkaLog.ProduceAsync(
            Kafka, Topic, [.. new long[] { 2, 1, 3 }.Select(sequence => CounterMessage.Changed(counter, sequence))]);

        (await service.HandledAsync(counter, 3)).ShouldBe([1, 2, 3]);
        await EventuallyAsync("the duplicates are counted",
            () => metrics.Sum("forgeshop.messaging.duplicates", ("cloudevents.event_type", CounterChanged.Type)) >= 4);
    }

    [Fact]
    public async Task Replayed_events_are_published_again_and_dropped_by_the_inbox()
    {
        await using var service = await StartAsync(Kafka);
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 3);
        await service.HandledAsync(counter, 3);
        await service.PublishedAsync(counter);

        (await Servicing.ReplayAsync(service, TimeSpan.FromMinutes(1))).ShouldBe(3);
        await service.CountAsync(counter);

        (await service.HandledAsync(counter, 4)).ShouldBe(UpTo(4));
        (await KafkaLog.SequencesAsync(Kafka, Topic))[counter].ShouldBe([1, 2, 3, 1, 2, 3, 4]);
    }

    [Fact]
    public async Task Batch_handler_gets_all_new_events_and_each_aggregate_once_a_call()
    {
        var (first, second, third) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var messages = new[] { (first, 1), (second, 1), (third, 1), (first, 2), (first, 3), (second, 2), (second, 2) };
        await KafkaLog.ProduceAsync(Kafka, Topic, [.. messages.Select(message => CounterMessage.Labelled(message.Item1, message.Item2))]);

        await using var service = await StartAsync(Kafka);

        (await service.HandledAsync(first, 3)).ShouldBe([1, 2, 3]);
        (await service.HandledAsync(second, 2)).ShouldBe([1, 2]);
        (await service.HandledAsync(third, 1)).ShouldBe([1]);
        foreach (var call in service.Script.Batches)
            call.Select(received => received.Context.Subject).ShouldBeUnique();
    }

    [Fact]
    public async Task Event_of_an_older_version_is_read_as_the_current_one()
    {
        var counter = Guid.NewGuid();
        await using var service = await StartAsync(Kafka);

        await KafkaLog.ProduceAsync(
            Kafka, Topic, CounterMessage.Of(counter, CounterLabelled.Type, 1, $$"""{"counterId":"{{counter}}","title":"old"}"""));

        await service.HandledAsync(counter, 1);
        service.Script.Batches.SelectMany(call => call).ShouldContain(received => received.Data == new CounterLabelled(counter, "old"));
    }

    [Fact]
    public async Task Service_that_restarts_continues_behind_its_last_offset()
    {
        var (database, counter) = (await Servers.CreateDatabaseAsync(), Guid.NewGuid());
        CounterService Service() => new() { Name = "restarting", Kafka = Kafka, Database = database };
        await using (var before = await StartAsync(Service()))
        {
            await before.CountAsync(counter, 5);
            await before.HandledAsync(counter, 5);
        }

        await using var after = await StartAsync(Service());
        await after.CountAsync(counter, 5);

        (await after.HandledAsync(counter, 10)).ShouldBe(UpTo(10));
        // Other tests have events in the topic, too, and the first service may have stopped before it came to theirs.
        after.Script.Contexts.Where(context => context.Subject == counter).ShouldAllBe(context => context.Sequence > 5);
        after.Log.ShouldNotContain(line => line.Contains("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Database_restored_from_a_backup_gets_the_missing_events_by_a_replay()
    {
        var (kept, counter) = (await Servers.CreateDatabaseAsync(), Guid.NewGuid());
        await using var producer = await StartAsync(new CounterService { Kafka = Kafka, Database = kept, Consumes = false });
        await producer.CountAsync(counter, 5);
        await using (
            var before = await StartAsync(
            new CounterService { Name = "restored", Kafka = Kafka, Database = await Servers.CreateDatabaseAsync() }))
            await before.HandledAsync(counter, 5);

        // The offsets in Kafka are behind the events, the database is empty.
        await using var restored = await StartAsync(
            new CounterService { Name = "restored", Kafka = Kafka, Database = await Servers.CreateDatabaseAsync() });
        await Servicing.ReplayAsync(producer, TimeSpan.FromMinutes(1));

        (await restored.HandledAsync(counter, 5)).ShouldBe(UpTo(5));
    }
}

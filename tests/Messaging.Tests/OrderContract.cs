using Confluent.Kafka;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Tests;

/// <summary>The events of an aggregate are handled in their order and without gaps, whatever fails, is missing, or comes again.</summary>
public abstract class OrderContract(Servers servers, NewService create) : Contract(servers, create)
{
    private Task ProduceAsync(Message<byte[]?, byte[]?> message, KafkaServer? broker = null) => KafkaLog.ProduceAsync((broker ?? Servers.Kafka).BootstrapServers, Topic, message);

    private static Task<ConsumeResult<byte[]?, byte[]?>> DeadLetterAsync(CounterService service, Guid counter, long sequence) => KafkaLog.DeadLetterAsync(
        service.Kafka, Topic,
        letter => KafkaLog.Header(letter, "dlq_group") == service.Name && KafkaLog.Header(letter, "ce_subject") == counter.ToString() && KafkaLog.Header(letter, "ce_sequence") == $"{sequence}");

    private static Task HealthyAsync(CounterService service, HealthStatus expected) => Eventually.True(
        $"the inbox is {expected}", async _ => await service.HealthAsync("inbox") == expected, cancellationToken: Cancelled);

    private static void Poison(CounterService service, Guid counter, long sequence) => service.Faults.BeforeHandling = (@event, context) =>
        @event.CounterId == counter && context.Sequence == sequence ? throw new InvalidOperationException("it never works") : Task.CompletedTask;

    [Fact]
    public async Task A_dead_letter_parks_its_key_and_nothing_else_until_it_is_published_again()
    {
        var (database, name, poisoned, other) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid(), Guid.NewGuid());
        ConsumeResult<byte[]?, byte[]?> letter;
        await using (var before = await StartAsync(database, name, settings: Impatient))
        {
            Poison(before, poisoned, 2);
            await before.CountAsync(poisoned, 4);
            await before.CountAsync(other, 4);
            letter = await DeadLetterAsync(before, poisoned, 2);
            await before.HandledAsync(other, 4);
            await HealthyAsync(before, HealthStatus.Degraded);
            (await before.HandledAsync(poisoned)).ShouldBe([1]);
        }

        // Parked events outlive the process, and later ones do not overtake them.
        await using var service = await StartAsync(database, name, settings: Impatient);
        await service.CountAsync(poisoned, 2);
        await service.CountAsync(other, 1);
        await service.HandledAsync(other, 5);
        await HealthyAsync(service, HealthStatus.Degraded);
        (await service.HandledAsync(poisoned)).ShouldBe([1]);

        KafkaLog.Header(letter, "dlq_cause").ShouldBe("failed");
        for (var time = 0; time < 2; time++)
            await ProduceAsync(CounterMessage.Changed(poisoned, 2));
        await service.HandledAsync(poisoned, 6);
        await service.CountAsync(poisoned, 1);
        await service.HandledAsync(poisoned, 7);
        (await service.HandledAsync(poisoned)).ShouldBe(Upto(7));
        await HealthyAsync(service, HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_parked_event_that_fails_in_its_turn_is_the_next_dead_letter()
    {
        await using var service = await StartAsync(settings: Impatient);
        var counter = Guid.NewGuid();
        Poison(service, counter, 1);
        await service.CountAsync(counter, 3);
        await DeadLetterAsync(service, counter, 1);

        Poison(service, counter, 2);
        await ProduceAsync(CounterMessage.Changed(counter, 1));
        await DeadLetterAsync(service, counter, 2);
        (await service.HandledAsync(counter)).ShouldBe([1]);

        service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;
        await ProduceAsync(CounterMessage.Changed(counter, 2));
        await service.HandledAsync(counter, 3);
        (await service.HandledAsync(counter)).ShouldBe(Upto(3));
    }

    [Fact]
    public async Task An_operator_can_give_an_event_up_for_one_group()
    {
        await using var service = await StartAsync(settings: Impatient);
        await using var other = await StartAsync(settings: Impatient);
        var counter = Guid.NewGuid();
        Poison(service, counter, 2);
        Poison(other, counter, 2);
        await service.CountAsync(counter, 4);
        await DeadLetterAsync(service, counter, 2);
        await DeadLetterAsync(other, counter, 2);

        await ProduceAsync(CounterMessage.Changed(counter, 2).With("dlq_group", service.Name).With("dlq_give_up_to", "2"));

        await service.HandledAsync(counter, 3);
        (await service.HandledAsync(counter)).ShouldBe([1, 3, 4]);
        (await other.HandledAsync(counter)).ShouldBe([1]);
    }

    [Fact]
    public async Task An_event_that_comes_too_early_waits_for_the_one_that_is_missing()
    {
        await using var service = await StartAsync(settings: Impatient);
        var counter = Guid.NewGuid();
        foreach (var sequence in new[] { 1, 4, 3, 4 })
            await ProduceAsync(CounterMessage.Changed(counter, sequence));

        // It is not skipped in silence.
        var letter = await DeadLetterAsync(service, counter, 3);
        KafkaLog.Header(letter, "dlq_cause").ShouldBe("missing");
        KafkaLog.Header(letter, "dlq_error").ShouldNotBeNull().ShouldStartWith("Event 2 of this aggregate never came");
        await HealthyAsync(service, HealthStatus.Degraded);
        (await service.HandledAsync(counter)).ShouldBe([1]);

        await ProduceAsync(CounterMessage.Changed(counter, 2));
        await service.HandledAsync(counter, 4);
        (await service.HandledAsync(counter)).ShouldBe(Upto(4));
        await HealthyAsync(service, HealthStatus.Healthy);
    }

    [Fact]
    public async Task An_aggregate_whose_first_events_are_not_to_be_had_begins_with_what_there_is()
    {
        await using var service = await StartAsync(settings: Impatient);
        var counter = Guid.NewGuid();
        foreach (var sequence in new[] { 6, 5, 7 })
            await ProduceAsync(CounterMessage.Changed(counter, sequence));

        await service.HandledAsync(counter, 3);

        (await service.HandledAsync(counter)).ShouldBe([5, 6, 7]);
        service.Log.ShouldContain(line => line.Contains($"Events before 5 of {counter}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_aggregate_whose_first_event_comes_after_all_does_not_begin_behind_it()
    {
        var (counter, reached, closed, begun) = (Guid.NewGuid(), new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        await using var service = await StartAsync(settings: Impatient, replace: FaultyInbox.WhoseStreamsBegin(async (stream, begin) =>
        {
            if (stream.Subject != counter)
                return; // Other tests' counters.
            reached.TrySetResult();
            await closed.Task;
            await begin();
            begun.TrySetResult();
        }));
        await ProduceAsync(CounterMessage.Changed(counter, 3));
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(40), Cancelled);

        await ProduceAsync(CounterMessage.Changed(counter, 1));
        await service.HandledAsync(counter, 1);
        closed.SetResult();
        await begun.Task.WaitAsync(TimeSpan.FromSeconds(40), Cancelled);
        await ProduceAsync(CounterMessage.Changed(counter, 2));

        await service.HandledAsync(counter, 3);
        (await service.HandledAsync(counter)).ShouldBe(Upto(3));
    }

    [Fact]
    public async Task Two_events_with_one_sequence_are_a_dead_letter_and_not_a_duplicate()
    {
        await using var service = await StartAsync(settings: Impatient);
        var counter = Guid.NewGuid();
        await ProduceAsync(CounterMessage.Changed(counter, 1));
        await ProduceAsync(CounterMessage.Of(counter, CounterRenamed.Type, 1, "{}"));

        var letter = await DeadLetterAsync(service, counter, 1);

        KafkaLog.Header(letter, "dlq_cause").ShouldBe("unreadable");
        KafkaLog.Header(letter, "dlq_error").ShouldNotBeNull().ShouldContain("another event with the sequence 1");
        await ProduceAsync(CounterMessage.Changed(counter, 2));
        await service.HandledAsync(counter, 2);
        await HealthyAsync(service, HealthStatus.Healthy);
    }

    [Fact]
    public async Task Old_versions_are_upcast_step_by_step_and_a_newer_one_is_a_dead_letter()
    {
        // Its own, for all other tests' services would stand before the dead letter as well.
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka: broker, settings: Impatient);
        var counter = Guid.NewGuid();
        await ProduceAsync(CounterMessage.Of(counter, CounterLabelled.Type, 1, $$"""{"counterId":"{{counter}}","title":"first"}""", version: "1"), broker);
        await ProduceAsync(CounterMessage.Of(counter, CounterLabelled.Type, 2, $$"""{"counterId":"{{counter}}","title":"second","colour":"red"}""", version: "2"), broker);
        await ProduceAsync(CounterMessage.Of(counter, CounterLabelled.Type, 3, $$"""{"counterId":"{{counter}}","label":"third","colour":"blue"}""", version: "3"), broker);
        await ProduceAsync(CounterMessage.Of(counter, CounterLabelled.Type, 4, $$"""{"counterId":"{{counter}}","text":"fourth"}""", version: "4"), broker);
        await ProduceAsync(CounterMessage.Changed(counter, 5), broker);

        var letter = await DeadLetterAsync(service, counter, 4);

        KafkaLog.Header(letter, "dlq_cause").ShouldBe("unreadable");
        KafkaLog.Header(letter, "dlq_error").ShouldNotBeNull().ShouldContain("version 4 of counter.labelled is not known here, only 3");
        service.Faults.Labels.Where(label => label.CounterId == counter).ShouldBe([new(counter, "first", "grey"), new(counter, "second", "red"), new(counter, "third", "blue")]);
        (await service.HandledAsync(counter)).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_replayed_is_published_again_and_handled_once()
    {
        await using var service = await StartAsync();
        var (counter, before) = (Guid.NewGuid(), TimeProvider.System.GetUtcNow());
        await service.CountAsync(counter, 3);
        await service.PublishedAsync(counter);
        var outbox = service.Services.GetRequiredService<IOutboxStore>();

        (await outbox.ReplayAsync(before.AddHours(1), Cancelled)).ShouldBe(0);
        (await outbox.ReplayAsync(before, Cancelled)).ShouldBe(3);
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 4);
        await service.PublishedAsync(counter);

        (await KafkaLog.SequencesAsync(Servers.Kafka.BootstrapServers, Topic))[counter].ShouldBe([1, 2, 3, 1, 2, 3, 4]);
        (await service.HandledAsync(counter)).ShouldBe(Upto(4));
    }

    [Fact]
    public async Task Old_events_leave_the_outbox_and_a_broker_that_lost_them_all_is_recognised_all_the_same()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(kafka: broker, settings: new Dictionary<string, string>
        {
            ["Messaging:OutboxRetention"] = "00:00:00.001",
            ["Messaging:OutboxCleanUpInterval"] = "00:00:00.100",
        });
        var counter = Guid.NewGuid();
        await service.CountAsync(counter, 5);
        await service.HandledAsync(counter, 5);
        await service.PublishedAsync(counter);
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 6);
        await Eventually.Get("only the last is left", _ => service.OutboxAsync(counter), outbox => outbox is [{ Sequence: 6 }], cancellationToken: Cancelled);

        await broker.StartEmptyAsync(Cancelled);
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 7);
        (await service.HandledAsync(counter)).ShouldBe(Upto(7));

        // Who comes only now gets what there is.
        await using var newcomer = await StartAsync(kafka: broker, consumes: true, settings: Impatient);
        await newcomer.HandledAsync(counter, 2);
        (await newcomer.HandledAsync(counter)).ShouldBe([6, 7]);
    }

    [Fact]
    public async Task What_finds_no_room_to_park_is_a_dead_letter_and_comes_back_with_the_first()
    {
        await using var service = await StartAsync(settings: new Dictionary<string, string>(Impatient) { ["Messaging:MaxParkedPerKey"] = "3" });
        var counter = Guid.NewGuid();
        Poison(service, counter, 1);
        await service.CountAsync(counter, 6);
        KafkaLog.Header(await DeadLetterAsync(service, counter, 1), "dlq_cause").ShouldBe("failed");
        KafkaLog.Header(await DeadLetterAsync(service, counter, 5), "dlq_cause").ShouldBe("no-room");
        await DeadLetterAsync(service, counter, 6);

        service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;
        foreach (var sequence in new[] { 1, 5, 6 })
            await ProduceAsync(CounterMessage.Changed(counter, sequence));

        await service.HandledAsync(counter, 6);
        (await service.HandledAsync(counter)).ShouldBe(Upto(6));
        await HealthyAsync(service, HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_service_that_was_killed_before_it_noted_its_position_reads_all_again_and_does_nothing_twice()
    {
        var (database, name, poisoned, gap, plain) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}", Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        for (var life = 0; life < 2; life++)
        {
            await using var killed = await StartAsync(database, name, replace: FaultyInbox.ThatSavesNothing, settings: Impatient);
            Poison(killed, poisoned, 2);
            if (life == 0)
            {
                await killed.CountAsync(plain, 3);
                await killed.CountAsync(poisoned, 3);
                foreach (var sequence in new[] { 1, 3 })
                    await ProduceAsync(CounterMessage.Changed(gap, sequence));
            }
            await killed.HandledAsync(plain, 3);
            await DeadLetterAsync(killed, poisoned, 2);
            await DeadLetterAsync(killed, gap, 3);
        }

        await using var service = await StartAsync(database, name, settings: Impatient);
        await ProduceAsync(CounterMessage.Changed(poisoned, 2));
        await ProduceAsync(CounterMessage.Changed(gap, 2));
        await service.CountAsync(plain, 1);
        await service.HandledAsync(plain, 4);
        await service.HandledAsync(poisoned, 3);
        await service.HandledAsync(gap, 3);

        (await service.HandledAsync(plain)).ShouldBe(Upto(4));
        (await service.HandledAsync(poisoned)).ShouldBe(Upto(3));
        (await service.HandledAsync(gap)).ShouldBe(Upto(3));
    }

    [Fact]
    public async Task Replicas_that_come_and_go_keep_the_order_of_every_key()
    {
        var (database, name) = (await Servers.CreateDatabaseAsync(), $"counters-{Guid.NewGuid():N}");
        var lasting = new Dictionary<string, string> { ["Messaging:GapTimeout"] = "00:00:01" };
        await using var first = await StartAsync(database, name, settings: lasting);
        var counters = Enumerable.Range(0, 12).Select(_ => Guid.NewGuid()).ToList();
        var (failures, count) = (0, 0);
        Task FailNowAndThen() => Interlocked.Increment(ref failures) % 7 == 0 ? throw new TimeoutException("now and then") : Task.CompletedTask;
        first.Faults.BeforeHandling = (_, _) => FailNowAndThen();

        for (var time = 0; time < 2; time++)
        {
            await using var second = await StartAsync(database, name, settings: lasting);
            var seen = 0;
            second.Faults.BeforeHandling = (_, _) =>
            {
                Interlocked.Increment(ref seen);
                return FailNowAndThen();
            };
            await Eventually.Get("the second replica handles events", async _ =>
            {
                count++;
                await Task.WhenAll(counters.Select(counter => first.CountAsync(counter, 1)));
                return Volatile.Read(ref seen);
            }, handled => handled > 0, TimeSpan.FromSeconds(30), Cancelled);
        }

        foreach (var counter in counters)
        {
            await first.HandledAsync(counter, count);
            (await first.HandledAsync(counter)).ShouldBe(Upto(count));
        }
    }
}

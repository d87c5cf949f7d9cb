using ForgeShop.Contracts;
using ForgeShop.Operator;
using ForgeShop.Operator.DeadLetters;
using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Tests;

/// <summary><c>./forge dlq</c> against a service that has dead letters.</summary>
public sealed class DeadLetterCommandTests(Servers servers)
{
    private const string Topic = "counter.events";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_dead_letter_is_listed_without_addresses_and_retried_once()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);
        var counter = Guid.NewGuid();
        var eventId = new ForgeIds().Event(counter, CounterChanged.Type, 2).ToString();
        service.Faults.BeforeHandling = (_, context) => context.Sequence == 2 ? throw new InvalidOperationException("no mail to ada@example.com,\nreally") : Task.CompletedTask;
        await service.CountAsync(counter, 4);
        await ListedAsync(broker, "1 dead letter in counter.events");

        var listed = await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled));
        listed.ShouldContain($"counter.changed 2, event {eventId} of {counter}  group {service.Name}  failed after 2 attempts");
        listed.ShouldContain("InvalidOperationException: no mail to (address) really");
        listed.ShouldNotContain("ada");

        // It fails once more: the later letter is the one that counts.
        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldEndWith("1 dead letter of counter.events retried\n");
        await ListedAsync(broker, "1 dead letter in counter.events");
        (await service.HandledAsync(counter)).ShouldBe([1]);

        service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;
        (await RunAsync(broker, dlq => dlq.RetryAsync("counter.events.dlq", eventId, Cancelled))).ShouldContain($"retried counter.changed 2, event {eventId}, for group {service.Name}");
        await service.HandledAsync(counter, 4);
        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, eventId, Cancelled))).ShouldBe("nothing to retry in counter.events\n");
        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldBe("nothing to retry in counter.events\n");
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
        await service.CountAsync(counter, 1);
        await service.HandledAsync(counter, 5);
        (await service.HandledAsync(counter)).ShouldBe([1, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task A_service_goes_on_without_what_an_operator_gives_up()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);
        var counter = Guid.NewGuid();
        service.Faults.BeforeHandling = (_, context) => context.Sequence == 1 ? throw new InvalidOperationException("never") : Task.CompletedTask;
        foreach (var sequence in new[] { 1, 2, 4, 5 })
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, sequence));
        await ListedAsync(broker, "1 dead letter in counter.events");

        await RunAsync(broker, dlq => dlq.SkipAsync(Topic, new ForgeIds().Event(counter, CounterChanged.Type, 1).ToString(), Cancelled));
        await service.HandledAsync(counter, 1);
        // Now it stands before a gap. To publish again what waits there helps nobody, and is told again.
        await ListedAsync(broker, "missing after");
        await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled));
        await ListedAsync(broker, "missing after");
        (await RunAsync(broker, dlq => dlq.SkipAsync(Topic, new ForgeIds().Event(counter, CounterChanged.Type, 4).ToString(), Cancelled))).ShouldContain("without what is missing before it");
        await service.HandledAsync(counter, 3);

        (await service.HandledAsync(counter)).ShouldBe([2, 4, 5]);
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
    }

    [Fact]
    public async Task What_found_no_room_behind_a_dead_letter_comes_back_with_it_and_cannot_be_skipped_to()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker, ("Messaging:MaxParkedPerKey", "1"));
        var counter = Guid.NewGuid();
        service.Faults.BeforeHandling = (_, context) => context.Sequence == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        await service.CountAsync(counter, 4);
        await ListedAsync(broker, "3 dead letters in counter.events");

        (await Should.ThrowAsync<OperatorException>(() => RunAsync(broker, dlq => dlq.SkipAsync(Topic, new ForgeIds().Event(counter, CounterChanged.Type, 4).ToString(), Cancelled))))
            .Message.ShouldContain("waits for an earlier dead letter");
        service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;
        await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled));

        await service.HandledAsync(counter, 4);
        (await service.HandledAsync(counter)).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task What_is_larger_than_Kafkas_client_sends_unless_told_otherwise_is_retried_and_skipped_all_the_same()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await KafkaLog.CreateTopicsForLargeMessagesAsync(broker.BootstrapServers, Topic);
        await using var one = await StartAsync(broker);
        await using var other = await StartAsync(broker);
        var (retried, skipped) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var service in new[] { one, other })
            service.Faults.BeforeHandling = (_, context) => context.Sequence == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        foreach (var counter in new[] { retried, skipped })
        {
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, Large(counter, 1, 1_100_000));
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 2));
        }
        await ListedAsync(broker, "4 dead letters in counter.events");

        await RunAsync(broker, dlq => dlq.SkipAsync(Topic, new ForgeIds().Event(skipped, CounterChanged.Type, 1).ToString(), Cancelled));
        foreach (var service in new[] { one, other })
            await service.HandledAsync(skipped, 1);
        // The word to one group is no event to the other: it did not fail there once more, and left no letter behind.
        await ListedAsync(broker, "2 dead letters in counter.events");
        foreach (var service in new[] { one, other })
            service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;
        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldEndWith("2 dead letters of counter.events retried\n");

        foreach (var service in new[] { one, other })
        {
            await service.HandledAsync(retried, 2);
            (await service.HandledAsync(retried)).ShouldBe([1, 2]);
            (await service.HandledAsync(skipped)).ShouldBe([2]);
        }
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
    }

    [Fact]
    public async Task What_was_too_large_for_a_dead_letter_is_handled_whole_when_only_what_is_missing_before_it_is_given_up()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker, ("Messaging:MaxDeadLetterBytes", "10000"));
        var counter = Guid.NewGuid();
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 1));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, Large(counter, 3, 20_000));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(counter, 4));
        await ListedAsync(broker, "missing after 0 attempts, too large to be kept here");

        await RunAsync(broker, dlq => dlq.SkipAsync(Topic, new ForgeIds().Event(counter, CounterChanged.Type, 3).ToString(), Cancelled));

        await service.HandledAsync(counter, 3);
        (await service.HandledAsync(counter)).ShouldBe([1, 3, 4]);
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
    }

    [Fact]
    public async Task What_was_too_large_for_a_dead_letter_keeps_nothing_else_from_being_retried_and_can_be_closed()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker, ("Messaging:MaxDeadLetterBytes", "10000"), ("Messaging:MaxParkedPerKey", "1"));
        var counter = Guid.NewGuid();
        var large = new ForgeIds().Event(counter, CounterChanged.Type, 3).ToString();
        service.Faults.BeforeHandling = (_, context) => context.Sequence == 1 ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        foreach (var message in new[] { CounterMessage.Changed(counter, 1), CounterMessage.Changed(counter, 2), Large(counter, 3, 20_000), CounterMessage.Changed(counter, 4) })
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, message);
        await ListedAsync(broker, "3 dead letters in counter.events");
        service.Faults.BeforeHandling = (_, _) => Task.CompletedTask;

        var retried = await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled), code: 1);
        retried.ShouldContain($"not retried counter.changed 3, event {large}, for group {service.Name}: it was too large to be kept here");
        retried.ShouldEndWith("2 dead letters of counter.events retried, 1 not\n");
        await service.HandledAsync(counter, 2);
        await ListedAsync(broker, "missing after 0 attempts");

        // Closing its letter is no word to the group, which waits for an earlier one.
        (await RunAsync(broker, dlq => dlq.SkipAsync(Topic, large, Cancelled))).ShouldContain($"the letter of event {large} for group {service.Name} is closed");
        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, large, Cancelled))).ShouldBe("nothing to retry in counter.events\n");
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, Large(counter, 3, 20_000)); // As a replay of the outbox does.
        await service.HandledAsync(counter, 4);
        (await service.HandledAsync(counter)).ShouldBe([1, 2, 3, 4]);
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldEndWith("1 dead letter in counter.events\n");
    }

    [Fact]
    public async Task What_is_no_event_is_published_again_once_for_all_groups_and_skipped_by_its_place()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await using var one = await StartAsync(broker);
        await using var other = await StartAsync(broker);
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, new() { Key = "nobody"u8.ToArray(), Value = "nothing"u8.ToArray() });
        await ListedAsync(broker, "2 dead letters in counter.events");

        (await RunAsync(broker, dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldEndWith("2 dead letters of counter.events retried\n");
        await Eventually.Get("both groups have given the copy up, too", _ => KafkaLog.ReadAsync(broker.BootstrapServers, Topic + ".dlq"), letters => letters.Count == 2 + 2 + 2, cancellationToken: Cancelled);
        (await KafkaLog.ReadAsync(broker.BootstrapServers, Topic)).Count.ShouldBe(2);
        var copy = (await KafkaLog.ReadAsync(broker.BootstrapServers, Topic)).MaxBy(message => message.Offset.Value)!;
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldEndWith("2 dead letters in counter.events\n");

        (await RunAsync(broker, dlq => dlq.SkipAsync(Topic, $"{copy.Partition.Value}:{copy.Offset.Value}", Cancelled))).ShouldContain($"group {one.Name} goes on without message ");
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
        (await KafkaLog.ReadAsync(broker.BootstrapServers, Topic)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task What_is_not_there_is_said_in_one_line()
    {
        await using var broker = new KafkaServer();
        await broker.StartAsync(Cancelled);
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, CounterMessage.Changed(Guid.NewGuid(), 1));

        (await Should.ThrowAsync<OperatorException>(() => RunAsync(broker, dlq => dlq.ListAsync("nothing.events", Cancelled)))).Message
            .ShouldBe("there is no topic 'nothing.events'; there are counter.events");
        (await Should.ThrowAsync<OperatorException>(() => RunAsync(broker, dlq => dlq.RetryAsync(Topic, "x", Cancelled)))).Message
            .ShouldBe("there is no dead letter of event x in counter.events; ./forge dlq list counter.events shows them");
        (await RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
    }

    [Theory]
    [InlineData("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z")]
    [InlineData("2026-11-21T08:00:00", "2026-11-21T08:00:00Z")]
    [InlineData("2026-11-21T08:00:00+02:00", "2026-11-21T06:00:00Z")]
    [InlineData("90s", "2026-11-21T11:58:30Z")]
    [InlineData("2h", "2026-11-21T10:00:00Z")]
    [InlineData("7d", "2026-11-14T12:00:00Z")]
    [InlineData("2x", null)]
    [InlineData("yesterday", null)]
    [InlineData("99999999d", null)]
    [InlineData("-1h", null)]
    public void A_time_is_given_as_such_or_as_how_long_ago_it_was(string text, string? expected)
    {
        var now = DateTimeOffset.Parse("2026-11-21T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        if (expected is null)
            Should.Throw<OperatorException>(() => OutboxReplay.ParseSince(text, now)).Message.ShouldStartWith($"'{text}' is no time");
        else
            OutboxReplay.ParseSince(text, now).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    private static Confluent.Kafka.Message<byte[]?, byte[]?> Large(Guid counter, long sequence, int size) =>
        CounterMessage.Of(counter, CounterChanged.Type, sequence, $$"""{"counterId":"{{counter}}","value":{{sequence}},"note":"{{new string('x', size)}}"}""");

    private static async Task<string> RunAsync(KafkaServer broker, Func<DeadLetterCommands, Task<int>> command, int code = 0)
    {
        using var output = new StringWriter { NewLine = "\n" };
        (await command(new DeadLetterCommands(broker.BootstrapServers, output))).ShouldBe(code);
        return output.ToString();
    }

    private static Task ListedAsync(KafkaServer broker, string text) => Eventually.Get(
        $"dlq list says '{text}'", _ => RunAsync(broker, dlq => dlq.ListAsync(Topic, Cancelled)), listed => listed.Contains(text, StringComparison.Ordinal), cancellationToken: Cancelled);

    private async Task<EntityFrameworkCounters> StartAsync(KafkaServer broker, params (string Key, string Value)[] settings)
    {
        var service = new EntityFrameworkCounters
        {
            Name = $"counters-{Guid.NewGuid():N}",
            Database = await servers.CreateDatabaseAsync(),
            Kafka = broker.BootstrapServers,
            Settings = settings.Append(("Messaging:MaxHandleAttempts", "2")).Append(("Messaging:GapTimeout", "00:00:01")).ToDictionary(setting => setting.Item1, setting => setting.Item2),
        };
        await service.StartAsync();
        return service;
    }
}

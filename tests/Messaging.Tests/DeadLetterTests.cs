using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Operator;
using ForgeShop.Operator.DeadLetters;
using ForgeShop.Operator.Demo;
using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Tests;

/// <summary>Dead letters, and <c>./forge dlq</c> against services that have some.</summary>
public sealed class DeadLetterTests(Servers servers) : MessagingTest(servers), IAsyncLifetime
{
    private readonly KafkaServer _kafka = new(partitions: 3);

    public async ValueTask InitializeAsync() => await _kafka.StartAsync(Cancelled);

    public ValueTask DisposeAsync() => _kafka.DisposeAsync();

    [Fact]
    public async Task Dead_letter_is_the_message_with_its_error_and_position()
    {
        await using var service = await StartAsync(_kafka, ("Messaging:MaxAttempts", "3"));
        var poison = Guid.NewGuid();
        service.Script.Before = (_, context, _) =>
            context.Sequence == 2 ? throw new InvalidOperationException("poison") : Task.CompletedTask;

        await service.CountAsync(poison, 3);

        (await service.HandledAsync(poison, 2)).ShouldBe([1, 3]);
        var letter = (await KafkaLog.DeadLettersAsync(_kafka, DeadLetterTopic, 1, _ => true)).ShouldHaveSingleItem();
        var original = (await KafkaLog.ReadAsync(_kafka, Topic)).Single(message => message.Header("ce_sequence") == "2");
        letter.Message.Key.ShouldBe(original.Message.Key);
        letter.Message.Value.ShouldBe(original.Message.Value);
        foreach (var header in original.Message.Headers)
            letter.Header(header.Key).ShouldBe(original.Header(header.Key));
        letter.Header("dlq_topic").ShouldBe(Topic);
        letter.Header("dlq_partition").ShouldBe($"{original.Partition.Value}");
        letter.Header("dlq_offset").ShouldBe($"{original.Offset.Value}");
        letter.Header("dlq_group").ShouldBe(service.Name);
        letter.Header("dlq_attempts").ShouldBe("3");
        letter.Header("dlq_error_type").ShouldBe("System.InvalidOperationException");
        letter.Header("dlq_error").ShouldBe("poison");
    }

    [Fact]
    public async Task Retry_publishes_for_the_group_of_the_letter_only()
    {
        await using var failing = await StartAsync(_kafka, TwoAttempts);
        await using var other = await StartAsync(_kafka);
        using var metrics = new MetricReader(other);
        var counter = Guid.NewGuid();
        var eventId = new ForgeIds().Event(counter, CounterChanged.Type, 2).ToString();
        failing.Script.Before = (_, context, _) =>
            context.Sequence == 2 ? throw new InvalidOperationException("no mail to ada@example.com,\nreally") : Task.CompletedTask;
        await failing.CountAsync(counter, 3);
        await other.HandledAsync(counter, 3);
        await ListedAsync("1 dead letter in counter.events");

        var listed = await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled));
        listed.ShouldContain($"{eventId}  {CounterChanged.Type} 2 of {counter}  group {failing.Name}, attempts 2");
        listed.ShouldContain("System.InvalidOperationException: no mail to (address) really");
        listed.ShouldNotContain("ada@example");

        // It fails again: the new letter is open, the old one is settled.
        (await RunAsync(dlq => dlq.RetryAsync(Topic, null, Cancelled)))
            .ShouldBe($"retried {eventId} for group {failing.Name}\n1 dead letter of counter.events retried\n");
        await KafkaLog.DeadLettersAsync(_kafka, DeadLetterTopic, 2, letter => letter.Header("dlq_settles") is null);
        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled))).ShouldEndWith("1 dead letter in counter.events\n");

        failing.Script.Before = (_, _, _) => Task.CompletedTask;
        (await RunAsync(dlq => dlq.RetryAsync(DeadLetterTopic, eventId.ToUpperInvariant(), Cancelled)))
            .ShouldContain("1 dead letter of counter.events retried");
        (await failing.HandledAsync(counter, 3)).ShouldBe([1, 3, 2]);
        (await RunAsync(dlq => dlq.RetryAsync(Topic, eventId, Cancelled))).ShouldBe("0 dead letters of counter.events retried\n");
        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
        (await RunAsync(dlq => dlq.ListAsync(Topic, eventId, all: true, Cancelled)))
            .ShouldMatch(@"(?s)\n    retried 20\d\d-.*\n1 dead letter in counter.events\n$");
        // Both copies are there, and the other group has skipped them.
        (await KafkaLog.ReadAsync(_kafka, Topic, counter)).Count.ShouldBe(5);
        await EventuallyAsync("the copies are skipped", () => metrics.Sum("forgeshop.messaging.skipped") == 2);
        (await other.EffectsAsync(counter)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Discarded_letter_is_listed_with_the_reason()
    {
        await using var service = await StartAsync(_kafka, ("Messaging:MaxAttempts", "1"));
        var counter = Guid.NewGuid();
        service.Script.Before = (_, context, _) =>
            context.Sequence == 1 ? throw new InvalidOperationException("poison") : Task.CompletedTask;
        await service.CountAsync(counter, 2);
        await ListedAsync("1 dead letter in counter.events");
        var eventId = new ForgeIds().Event(counter, CounterChanged.Type, 1).ToString();

        (await Should.ThrowAsync<OperatorException>(() =>
            RunAsync(dlq => dlq.DiscardAsync(Topic, eventId, " ", Cancelled)))).Message.ShouldContain("--reason");
        (await RunAsync(dlq => dlq.DiscardAsync(Topic, eventId, " a test order ", Cancelled)))
            .ShouldBe($"discarded {eventId} for group {service.Name}\n1 dead letter of counter.events discarded\n");

        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: true, Cancelled)))
            .ShouldMatch(@"(?s)\n    discarded 20\d\d-[^\n]*Z: a test order\n1 dead letter");
        (await RunAsync(dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldBe("0 dead letters of counter.events retried\n");
        (await service.EffectsAsync(counter)).ShouldBe([2]);
    }

    [Fact]
    public async Task Message_too_large_for_a_letter_is_retried_from_its_topic()
    {
        using (var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = _kafka.BootstrapServers }).Build())
            await admin.CreateTopicsAsync(
                [new TopicSpecification { Name = Topic, NumPartitions = 3, Configs = new() { ["max.message.bytes"] = "16000000" } }]);
        await using var service = await StartAsync(_kafka, ("Messaging:MaxAttempts", "1"));
        var (isBroken, counter) = (true, Guid.NewGuid());
        service.Script.Before = (_, _, _) => isBroken ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        await KafkaLog.ProduceAsync(_kafka, Topic, CounterMessage.Of(
            counter, CounterChanged.Type, 1, $$"""{"counterId":"{{counter}}","value":1,"note":"{{new string('x', 2_000_000)}}"}""")
                .Adding("large", new byte[2000]));
        await ListedAsync("2000");
        (await KafkaLog.ReadAsync(_kafka, DeadLetterTopic)).ShouldHaveSingleItem().Message.Value.ShouldBeNull();
        isBroken = false;

        (await RunAsync(dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldContain("1 dead letter of counter.events retried");

        (await service.HandledAsync(counter, 1)).ShouldBe([1]);
        (await KafkaLog.ReadAsync(_kafka, Topic, counter)).Select(message => message.Message.Value?.Length).Distinct()
            .ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Message_that_its_topic_no_longer_has_is_reported()
    {
        var counter = Guid.NewGuid();
        var letter = CounterMessage.Of(counter, CounterChanged.Type, 1, null).With("dlq_topic", Topic).With("dlq_partition", "0")
            .With("dlq_offset", "7")
            .With("dlq_group", "counters").With("dlq_omitted_bytes", "2000000");
        await KafkaLog.ProduceAsync(_kafka, Topic, CounterMessage.Changed(Guid.NewGuid(), 1));
        await KafkaLog.ProduceAsync(_kafka, DeadLetterTopic, letter);

        var retried = await RunAsync(dlq => dlq.RetryAsync(Topic, null, Cancelled), exitCode: 1);

        retried.ShouldContain("its topic no longer has the message; ./forge outbox replay");
        retried.ShouldEndWith("0 dead letters of counter.events retried, 1 not\n");
        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled))).ShouldEndWith("1 dead letter in counter.events\n");
    }

    [Fact]
    public async Task Foreign_messages_in_the_topics_are_skipped()
    {
        var foreign = new[]
        {
            new Message<byte[]?, byte[]?> { Key = "x"u8.ToArray() },
            new Message<byte[]?, byte[]?> { Value = [0xff], Headers = new Headers { { "dlq_group", null } } },
            CounterMessage.Changed(Guid.NewGuid(), 1).With("ce_type", OrderPlaced.Type),
        };
        await KafkaLog.ProduceAsync(_kafka, Topic, foreign);
        await KafkaLog.ProduceAsync(_kafka, DeadLetterTopic, foreign);
        await KafkaLog.ProduceAsync(_kafka, Topics.OrderEvents, foreign);

        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: true, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
        (await RunAsync(dlq => dlq.RetryAsync(Topic, null, Cancelled))).ShouldBe("0 dead letters of counter.events retried\n");
        KafkaStoredIds.Read(_kafka.BootstrapServers, new DemoStory(new ForgeIds(), "test"), Cancelled)
            .ShouldAllBe(storedId => storedId.Found == null);
    }

    [Fact]
    public async Task Unknown_topic_or_event_is_named_in_one_line()
    {
        await KafkaLog.ProduceAsync(_kafka, Topic, CounterMessage.Changed(Guid.NewGuid(), 1));

        (await Should.ThrowAsync<OperatorException>(() =>
            RunAsync(dlq => dlq.ListAsync("nothing.events", null, all: false, Cancelled)))).Message
            .ShouldBe("topic 'nothing.events' does not exist; the topics are counter.events");
        (await Should.ThrowAsync<OperatorException>(() => RunAsync(dlq => dlq.RetryAsync(Topic, "x", Cancelled)))).Message
            .ShouldBe("event x has no dead letter in counter.events; ./forge dlq list counter.events shows them");
        (await RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled))).ShouldBe("0 dead letters in counter.events\n");
    }

    [Theory]
    [InlineData("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z")]
    [InlineData("2026-11-21T08:00:00", "2026-11-21T08:00:00Z")]
    [InlineData("2026-11-21T08:00:00+02:00", "2026-11-21T06:00:00Z")]
    [InlineData("90s", "2026-11-21T11:58:30Z")]
    [InlineData("7d", "2026-11-14T12:00:00Z")]
    [InlineData("2x", null)]
    [InlineData("yesterday", null)]
    [InlineData("99999999d", null)]
    [InlineData("-1h", null)]
    public void Start_of_a_replay_is_a_time_or_an_age(string text, string? expected)
    {
        var now = DateTimeOffset.Parse("2026-11-21T12:00:00Z", System.Globalization.CultureInfo.InvariantCulture);
        if (expected is null)
            Should.Throw<OperatorException>(() => OutboxReplay.ParseSince(text, now));
        else
            OutboxReplay.ParseSince(text, now).UtcDateTime.ToString(
                "yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture).ShouldBe(expected);
    }

    private async Task<string> RunAsync(Func<DeadLetterCommands, Task<int>> command, int exitCode = 0)
    {
        using var output = new StringWriter { NewLine = "\n" };
        (await command(new DeadLetterCommands(_kafka.BootstrapServers, output, TimeProvider.System))).ShouldBe(exitCode);
        return output.ToString();
    }

    private Task ListedAsync(string text) => Eventually.Get(
        $"dlq list shows '{text}'", _ =>
            RunAsync(dlq => dlq.ListAsync(Topic, null, all: false, Cancelled)), listed =>
            listed.Contains(text, StringComparison.Ordinal), cancellationToken: Cancelled);
}

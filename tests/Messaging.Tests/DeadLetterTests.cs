using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Messaging.Kafka;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Tests;

public sealed class DeadLetterTests(Servers servers)
{
    private const string Topic = "counter.events";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private async Task<EntityFrameworkCounters> StartAsync(KafkaServer broker, params (string Key, string Value)[] settings)
    {
        var service = new EntityFrameworkCounters
        {
            Name = $"counters-{Guid.NewGuid():N}", Database = await servers.CreateDatabaseAsync(), Kafka = broker.BootstrapServers,
            Settings = settings.ToDictionary(setting => setting.Key, setting => setting.Value),
        };
        await service.StartAsync();
        return service;
    }

    private static Task<ConsumeResult<byte[]?, byte[]?>> DeadLetterAsync(KafkaServer broker, Func<ConsumeResult<byte[]?, byte[]?>, bool> which) =>
        KafkaLog.DeadLetterAsync(broker.BootstrapServers, Topic, which);

    [Fact]
    public async Task A_dead_letter_is_the_message_as_it_was_with_its_cause_and_where_it_came_from()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker, ("Messaging:MaxHandleAttempts", "3"));
        var (poisoned, other, attempts) = (Guid.NewGuid(), Guid.NewGuid(), 0);
        service.Faults.BeforeHandling = (@event, context) =>
        {
            if (@event.CounterId != poisoned || context.Sequence != 1)
                return Task.CompletedTask;
            attempts++;
            throw new InvalidOperationException("it never works");
        };

        await service.CountAsync(poisoned, 3);
        await service.CountAsync(other, 3);

        await service.HandledAsync(other, 3);
        var letter = await DeadLetterAsync(broker, letter => KafkaLog.Header(letter, "ce_subject") == poisoned.ToString());
        var original = (await KafkaLog.ReadAsync(broker.BootstrapServers, Topic)).First(message => KafkaLog.Header(message, "ce_subject") == poisoned.ToString());
        letter.Message.Key.ShouldBe(original.Message.Key);
        letter.Message.Value.ShouldBe(original.Message.Value);
        foreach (var header in original.Message.Headers)
            KafkaLog.Header(letter, header.Key).ShouldBe(KafkaLog.Header(original, header.Key));
        KafkaLog.Header(letter, "dlq_topic").ShouldBe(Topic);
        KafkaLog.Header(letter, "dlq_partition").ShouldBe("0");
        KafkaLog.Header(letter, "dlq_offset").ShouldBe($"{original.Offset.Value}");
        KafkaLog.Header(letter, "dlq_group").ShouldBe(service.Name);
        KafkaLog.Header(letter, "dlq_attempts").ShouldBe("3");
        attempts.ShouldBe(3);
        KafkaLog.Header(letter, "dlq_cause").ShouldBe("failed");
        KafkaLog.Header(letter, "dlq_error").ShouldBe("it never works");
        KafkaLog.Header(letter, "dlq_error_type").ShouldBe("System.InvalidOperationException");
    }

    private static TheoryData<string, string?, string> Unreadable => new()
    {
        { "ce_id", null, "ce_id is missing" },
        { "ce_id", "00112233-4455-5677-8899-aabbccddeeff", "not derived" },
        { "ce_id", "+0112233-4455-5677-8899-aabbccddeeff", "not an ID" },
        { "ce_type", null, "ce_type is missing" },
        { "ce_type", "another.type", "not derived" },
        { "ce_subject", "nobody", "not an ID" },
        { "ce_sequence", "0", "not a positive whole number" },
        { "ce_sequence", "7", "not derived" },
        { "ce_specversion", "0.3", "not 1.0" },
        { "ce_time", "yesterday", "not a time" },
        { "ce_dataversion", "2", "version 2" },
        { "value", null, "no data" },
        { "value", "{\"counterId\":", "not JSON" },
        { "value", "{\"value\":1}", "no counter.changed" },
        { "value", "null", "no counter.changed" },
    };

    [Fact]
    public async Task What_cannot_be_read_goes_to_the_dead_letters_at_once_and_never_blocks_its_partition()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);

        var number = 0;
        foreach (var (what, with, _) in Unreadable.Select(row => row.Data))
            await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, Message($"key-{number++}", what, with));
        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, new Message<byte[]?, byte[]?> { Key = null, Value = [0xff, 0x00] });
        var behind = Guid.NewGuid();
        await service.CountAsync(behind, 1);

        await service.HandledAsync(behind, 1);
        number = 0;
        foreach (var (what, with, reason) in Unreadable.Select(row => row.Data))
        {
            var key = $"key-{number++}";
            var letter = await DeadLetterAsync(broker, letter => letter.Message.Key is { } bytes && Encoding.UTF8.GetString(bytes) == key);
            KafkaLog.Header(letter, "dlq_error").ShouldNotBeNull().ShouldContain(reason, customMessage: $"{what} = {with}");
            KafkaLog.Header(letter, "dlq_attempts").ShouldBe("1");
        }
        await DeadLetterAsync(broker, letter => letter.Message.Key is null);
    }

    [Theory]
    [InlineData("8000000", false)]
    [InlineData("1000000", true)]
    public async Task A_message_of_any_size_gets_a_dead_letter_and_blocks_nothing(string limit, bool shortened)
    {
        const int size = 1_100_000; // More than librdkafka sends and Kafka stores by default.
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await KafkaLog.CreateTopicsForLargeMessagesAsync(broker.BootstrapServers, Topic);
        await using var service = await StartAsync(broker, ("Messaging:MaxDeadLetterBytes", limit));
        var (large, behind) = (new Message<byte[]?, byte[]?> { Key = "large"u8.ToArray(), Value = new byte[size], Headers = [new Header("note", new byte[5000])] }, Guid.NewGuid());

        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, large);
        await service.CountAsync(behind, 1);

        await service.HandledAsync(behind, 1);
        var letter = await DeadLetterAsync(broker, letter => letter.Message.Key is { } key && Encoding.UTF8.GetString(key) == "large");
        (letter.Message.Value?.Length ?? 0).ShouldBe(shortened ? 0 : size);
        KafkaLog.Header(letter, "dlq_omitted_bytes").ShouldBe(shortened ? $"{size}" : null);
        (KafkaLog.Header(letter, "note") is not null).ShouldBe(!shortened);
        KafkaLog.Header(letter, "dlq_offset").ShouldBe("0");
    }

    [Fact]
    public async Task A_message_whose_headers_are_what_is_too_large_gets_a_dead_letter_that_names_its_event()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker, ("Messaging:MaxDeadLetterBytes", "10000"));
        var counter = Guid.NewGuid();
        var unreadable = CounterMessage.Of(counter, CounterChanged.Type, 1, "nothing");
        var headers = new Headers { { new string('n', 20_000), [1] } };
        for (var number = 0; number < 60; number++)
            headers.Add($"note-{number}", new byte[240]);
        foreach (var header in unreadable.Headers)
            headers.Add(header.Key, header.GetValueBytes());
        unreadable.Headers = headers;

        await KafkaLog.ProduceAsync(broker.BootstrapServers, Topic, unreadable);

        var letter = await DeadLetterAsync(broker, letter => KafkaLog.Header(letter, "ce_subject") == counter.ToString());
        letter.Message.Key.ShouldBe(unreadable.Key);
        foreach (var attribute in headers.Where(header => header.Key.StartsWith("ce_", StringComparison.Ordinal)))
            KafkaLog.Header(letter, attribute.Key).ShouldBe(Encoding.UTF8.GetString(attribute.GetValueBytes()));
        KafkaLog.Header(letter, "note-0").ShouldNotBeNull();
        KafkaLog.Header(letter, "note-59").ShouldBeNull();
        KafkaLog.Header(letter, "dlq_omitted_bytes").ShouldBe("7");
        KafkaLog.Header(letter, "dlq_cause").ShouldBe("unreadable");
    }

    [Theory]
    [InlineData(ErrorCode.PolicyViolation, false)]
    [InlineData(ErrorCode.InvalidRecord, false)]
    [InlineData(ErrorCode.MsgSizeTooLarge, true)]
    public async Task A_dead_letter_that_Kafka_refuses_is_tried_again_and_shortened_only_if_it_is_too_large(ErrorCode refusal, bool shortened)
    {
        using var broker = new RefusingBroker();
        var options = Options.Create(new MessagingOptions { BootstrapServers = broker.BootstrapServers });
        await using var services = new ServiceCollection().AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<MessagingMetrics>().BuildServiceProvider();
        var service = new ServiceName("counters");
        using var letters = new DeadLetters(
            new KafkaSettings(options, service), options, service, services.GetRequiredService<MessagingMetrics>(), TimeProvider.System, NullLogger<DeadLetters>.Instance);
        var message = CounterMessage.Changed(Guid.NewGuid(), 1);
        broker.RefuseNext(refusal);

        await letters.AddAsync(new() { Topic = Topic, Message = message }, new InvalidOperationException("it never works"), 1, Cancelled);

        var letter = (await KafkaLog.ReadAsync(broker.BootstrapServers, Topic + ".dlq")).ShouldHaveSingleItem();
        letter.Message.Value.ShouldBe(shortened ? null : message.Value);
        (KafkaLog.Header(letter, "dlq_omitted_bytes") is not null).ShouldBe(shortened);
    }

    [Fact]
    public async Task An_unknown_type_is_skipped()
    {
        await using var broker = new KafkaServer(partitions: 1);
        await broker.StartAsync(Cancelled);
        await using var service = await StartAsync(broker);
        var counter = Guid.NewGuid();

        await service.InScopeAsync(db =>
        {
            var renamed = new Counter { Id = counter };
            db.Add(renamed);
            db.Emit(renamed, new CounterRenamed(counter, "the first"));
            db.Emit(renamed, new CounterChanged(counter, 1, ""));
            return db.SaveChangesAsync(Cancelled);
        });

        await service.HandledAsync(counter, 1);
        (await service.HandledAsync(counter)).ShouldBe([2]);
        service.Log.ShouldNotContain(line => line.Contains("dead letters", StringComparison.Ordinal));
    }

    private static Message<byte[]?, byte[]?> Message(string key, string what, string? with)
    {
        var subject = Guid.NewGuid();
        var parts = new Dictionary<string, string?>
        {
            ["ce_specversion"] = "1.0",
            ["ce_id"] = new ForgeIds().Event(subject, CounterChanged.Type, 1).ToString(),
            ["ce_type"] = CounterChanged.Type,
            ["ce_source"] = "/test",
            ["ce_subject"] = subject.ToString(),
            ["ce_time"] = "2026-11-21T00:00:00Z",
            ["ce_sequence"] = "1",
            ["ce_dataversion"] = "1",
            ["value"] = $$"""{"counterId":"{{subject}}","value":1,"note":""}""",
        };
        parts[what] = with;
        var headers = new Headers();
        foreach (var (name, value) in parts)
        {
            if (name != "value" && value is not null)
                headers.Add(name, Encoding.UTF8.GetBytes(value));
        }
        return new() { Key = Encoding.UTF8.GetBytes(key), Value = parts["value"] is { } data ? Encoding.UTF8.GetBytes(data) : null, Headers = headers };
    }
}

using System.Collections.Concurrent;
using System.Text.Json;
using ForgeShop.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Messaging.Tests;

/// <summary>A service without a database of its own, which handles every event of its topics.</summary>
public sealed class EnvelopeTests(Servers servers) : MessagingTest(servers)
{
    [Fact]
    public async Task Events_are_handled_in_batches_in_the_order_of_their_partition()
    {
        await using var kafka = await StartKafkaAsync();
        var counters = NewCounters(20);
        await KafkaLog.ProduceAsync(kafka, Topic, [.. UpTo(5).SelectMany(sequence => counters.Select(counter =>
            sequence % 2 == 0 ? CounterMessage.Changed(counter, sequence) : CounterMessage.Labelled(counter, sequence)))]);
        await KafkaLog.ProduceAsync(
            kafka, Topic, new() { Key = "x"u8.ToArray() }, CounterMessage.Changed(counters[0], 9).With("ce_id", "unreadable"));
        var handler = new RecordingHandler();

        using var host = await StartAsync(kafka, handler);

        await EventuallyAsync("all events are handled", () => handler.Handled.Count == 100);
        foreach (var counter in counters)
            handler.Handled.Where(envelope => envelope.Context.Subject == counter).Select(envelope => envelope.Context.Sequence)
                .ShouldBe(UpTo(5));
        foreach (var partition in handler.Handled.GroupBy(envelope => envelope.Context.Position.Log))
        {
            partition.Key.ShouldMatch("^counter.events-[0-9]+@.+$");
            partition.Select(envelope => envelope.Context.Position.Offset).ShouldBeInOrder();
        }
        handler.Handled.ShouldContain(
            envelope => envelope.Context.Type == CounterLabelled.Type && envelope.Data.GetProperty("label").GetString() == "x");
        handler.Calls.ShouldBeLessThan(20);
        (await KafkaLog.DeadLettersAsync(kafka, DeadLetterTopic, 1, _ => true)).ShouldHaveSingleItem()
            .Header("dlq_error")!.ShouldContain("ce_id");
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Failing_event_is_isolated_and_dead_lettered()
    {
        await using var kafka = await StartKafkaAsync();
        var counters = NewCounters(20);
        await KafkaLog.ProduceAsync(
            kafka, Topic, [.. UpTo(5).SelectMany(sequence => counters.Select(counter => CounterMessage.Changed(counter, sequence)))]);
        var handler = new RecordingHandler { Fails = envelope => envelope.Context.Subject == counters[3] && envelope.Context.Sequence == 2
            ? new InvalidOperationException("poison") : null };

        using var host = await StartAsync(kafka, handler);

        var letter = (await KafkaLog.DeadLettersAsync(kafka, DeadLetterTopic, 1, _ => true)).ShouldHaveSingleItem();
        (letter.Header("ce_subject"), letter.Header("ce_sequence"), letter.Header("dlq_attempts"))
            .ShouldBe((counters[3].ToString(), "2", "2"));
        await EventuallyAsync(
            "the other events are handled", () => handler.Handled.DistinctBy(envelope => envelope.Context.Id).Count() == 99);
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task Unavailable_store_delays_the_events()
    {
        await using var kafka = await StartKafkaAsync();
        var (counter, isAway, failures) = (Guid.NewGuid(), true, 0);
        await KafkaLog.ProduceAsync(kafka, Topic, [.. UpTo(5).Select(sequence => CounterMessage.Changed(counter, sequence))]);
        var handler = new RecordingHandler { Fails = _ => isAway && Interlocked.Increment(ref failures) > 0
            ? new TimeoutException("the store is away") : null };

        using var host = await StartAsync(kafka, handler);
        await EventuallyAsync("more than the maximum number of attempts failed", () => failures > 5);
        isAway = false;

        await EventuallyAsync("all events are handled", () => handler.Handled.Count == 5);
        (await KafkaLog.ReadAsync(kafka, DeadLetterTopic)).ShouldBeEmpty();
        await host.StopAsync(Cancelled);
    }

    private static async Task<KafkaServer> StartKafkaAsync()
    {
        var kafka = new KafkaServer();
        await kafka.StartAsync(Cancelled);
        return kafka;
    }

    private static async Task<IHost> StartAsync(KafkaServer kafka, RecordingHandler handler)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:kafka"] = kafka.BootstrapServers;
        builder.Configuration["Messaging:MinBackoff"] = "00:00:00.020";
        builder.Configuration["Messaging:MaxAttempts"] = "2";
        builder.Services.AddForgeIds(builder.Configuration).AddMetrics().AddSingleton(handler);
        builder.AddMessaging(
            "projector", messaging => messaging.HandleAll<RecordingHandler>(exception => exception is TimeoutException, Topic));
        var host = builder.Build();
        await host.StartAsync(Cancelled);
        return host;
    }

    private sealed class RecordingHandler : IBatchHandler<JsonElement>
    {
        private int _calls;

        public Func<Received<JsonElement>, Exception?> Fails { get; init; } = _ => null;

        public ConcurrentQueue<Received<JsonElement>> Handled { get; } = [];

        public int Calls => _calls;

        public Task HandleAsync(IReadOnlyList<Received<JsonElement>> events, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            if (events.Select(Fails).FirstOrDefault(error => error is not null) is { } error)
                throw error;
            foreach (var envelope in events)
                Handled.Enqueue(envelope);
            return Task.CompletedTask;
        }
    }
}

using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ForgeShop.Messaging;

/// <summary>The meter <see cref="MessagingTelemetry.MeterName"/>. Attributes are named by OpenTelemetry's conventions.</summary>
internal sealed class MessagingMetrics
{
    private const string Topic = "messaging.destination.name";
    private const string Partition = "messaging.destination.partition.id";
    private const string EventType = "cloudevents.event_type";
    private const string Cause = "forgeshop.cause";

    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<(string Topic, int Partition), long> _lag = new();
    private readonly Counter<long> _published;
    private readonly Counter<long> _consumed;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _early;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _deadLetters;

    public MessagingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MessagingTelemetry.MeterName);
        _published = meter.CreateCounter<long>("forgeshop.messaging.published", "{event}", "Events that Kafka acknowledged.");
        _consumed = meter.CreateCounter<long>("forgeshop.messaging.consumed", "{event}", "Events whose effect was stored.");
        _skipped = meter.CreateCounter<long>("forgeshop.messaging.skipped", "{event}", "Events of a type that nobody here handles.");
        _duplicates = meter.CreateCounter<long>("forgeshop.messaging.duplicates", "{event}", "Events that came again and were dropped.");
        _early = meter.CreateCounter<long>("forgeshop.messaging.early", "{event}", "Events that came before their turn and were parked.");
        _retries = meter.CreateCounter<long>("forgeshop.messaging.retries", "{attempt}", "Attempts to publish or handle that failed and are repeated.");
        _deadLetters = meter.CreateCounter<long>("forgeshop.messaging.dead_letters", "{event}", "Messages that were given up.");
        meter.CreateObservableGauge("forgeshop.messaging.outbox.pending", () => Outbox?.Pending ?? 0, "{event}", "Events that wait to be published.");
        meter.CreateObservableGauge("forgeshop.messaging.outbox.age", OldestAge, "s", "How long the oldest event waits to be published.");
        meter.CreateObservableGauge("forgeshop.messaging.parked.keys", () => Inbox?.Keys ?? 0, "{key}", "Aggregates whose events wait for one that is missing or dead.");
        meter.CreateObservableGauge("forgeshop.messaging.parked.events", () => Inbox?.Events ?? 0, "{event}", "Events that wait for their turn.");
        meter.CreateObservableGauge("forgeshop.messaging.consumer.lag", Lag, "{message}", "Messages of a partition that are not handled yet.");
    }

    /// <summary>As it was measured last; null before that.</summary>
    public OutboxDepth? Outbox { get; set; }

    /// <inheritdoc cref="Outbox"/>
    public InboxDepth? Inbox { get; set; }

    public void Published(string topic, int count) => _published.Add(count, new KeyValuePair<string, object?>(Topic, topic));

    public void Received(EventContext context, InboxVerdict verdict, bool isHandled)
    {
        var counter = verdict switch
        {
            InboxVerdict.Duplicate => _duplicates,
            InboxVerdict.Parked => _early,
            _ => isHandled ? _consumed : _skipped,
        };
        counter.Add(1, new(Topic, context.Topic), new(EventType, context.Type));
    }

    public void Retried(string topic) => _retries.Add(1, new KeyValuePair<string, object?>(Topic, topic));

    public void DeadLettered(string topic, string cause) => _deadLetters.Add(1, new(Topic, topic), new(Cause, cause));

    public void SetLag(string topic, int partition, long messages) => _lag[(topic, partition)] = messages;

    public void ForgetLag(string topic, int partition) => _lag.TryRemove((topic, partition), out _);

    private double OldestAge() => Outbox?.OldestSince is { } since ? Math.Max(0, (_time.GetUtcNow() - since).TotalSeconds) : 0;

    private IEnumerable<Measurement<long>> Lag() =>
        _lag.Select(entry => new Measurement<long>(entry.Value, new(Topic, entry.Key.Topic), new(Partition, entry.Key.Partition)));
}

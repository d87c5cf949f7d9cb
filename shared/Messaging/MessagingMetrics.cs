using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace ForgeShop.Messaging;

/// <summary>The meter <see cref="MessagingTelemetry.MeterName"/>. Attributes follow OpenTelemetry's conventions.</summary>
internal sealed class MessagingMetrics
{
    private const string Topic = "messaging.destination.name";
    private const string Partition = "messaging.destination.partition.id";

    private readonly ConcurrentDictionary<TopicPartition, long> _lag = new();
    private readonly ConcurrentDictionary<EventConsumer, int> _waiting = new();
    private readonly TimeProvider _time;
    private readonly Counter<long> _published;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _skipped;
    private readonly Counter<long> _retries;
    private readonly Counter<long> _deadLetters;
    private readonly Histogram<int> _batchSize;

    public MessagingMetrics(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(MessagingTelemetry.MeterName);
        Counter<long> Messages(string name, string description) => meter.CreateCounter<long>(name, "{message}", description);
        _published = Messages("forgeshop.messaging.published", "Messages that Kafka acknowledged.");
        _refused = Messages("forgeshop.messaging.refused", "Messages that Kafka refuses for good.");
        _handled = Messages("forgeshop.messaging.handled", "Messages whose effect is committed.");
        _duplicates = Messages("forgeshop.messaging.duplicates", "Messages that the inbox dropped.");
        _skipped = Messages("forgeshop.messaging.skipped", "Messages without a handler, tombstones and foreign messages.");
        _deadLetters = Messages("forgeshop.messaging.dead_letters", "Messages that were dead-lettered.");
        _retries = meter.CreateCounter<long>("forgeshop.messaging.retries", "{batch}", "Failed attempts that are repeated.");
        _batchSize = meter.CreateHistogram<int>("forgeshop.messaging.batch.size", "{message}", "Messages of a transaction.");
        meter.CreateObservableGauge(
            "forgeshop.messaging.outbox.pending", () => Outbox?.Pending ?? 0, "{message}", "Messages that wait to be published.");
        meter.CreateObservableGauge(
            "forgeshop.messaging.outbox.age", () => OutboxAge.TotalSeconds, "s", "Age of the oldest message that waits to be published.");
        meter.CreateObservableGauge(
            "forgeshop.messaging.consumer.lag", () => _lag.Select(entry => new Measurement<long>(
                entry.Value, new(Topic, entry.Key.Topic), new(Partition, entry.Key.Partition.Value))), "{message}",
            "Messages of a partition that are not handled yet.");
    }

    /// <summary>The number of partitions, of all consumers of the process, whose first message failed and is retried.</summary>
    public int WaitingPartitions => _waiting.Values.Sum();

    /// <summary>The outbox as the active relay saw it last; null on a standby.</summary>
    public OutboxDepth? Outbox { get; set; }

    /// <summary>The age of the oldest message that waits to be published; zero if none waits.</summary>
    public TimeSpan OutboxAge => Outbox?.OldestAt is { } oldest && _time.GetUtcNow() > oldest ? _time.GetUtcNow() - oldest : TimeSpan.Zero;

    public void Published(IEnumerable<(OutboxMessage Message, string? Error)> done)
    {
        foreach (var (key, count) in done.CountBy(result => (result.Message.Topic, Refused: result.Error is not null)))
            (key.Refused ? _refused : _published).Add(count, new KeyValuePair<string, object?>(Topic, key.Topic));
    }

    public void Handled(IReadOnlyCollection<IncomingMessage> batch)
    {
        _batchSize.Record(batch.Count);
        Count(_handled, batch);
    }

    public void Duplicates(IEnumerable<IncomingMessage> messages) => Count(_duplicates, messages);

    public void Skipped(string topic) => _skipped.Add(1, new KeyValuePair<string, object?>(Topic, topic));

    public void Retried(string topic) => _retries.Add(1, new KeyValuePair<string, object?>(Topic, topic));

    public void DeadLettered(string topic, Exception error) =>
        _deadLetters.Add(1, new(Topic, topic), new("error.type", error.GetType().FullName));

    public void SetWaitingPartitions(EventConsumer consumer, int count) => _waiting[consumer] = count;

    public void SetLag(TopicPartition partition, long messages) => _lag[partition] = messages;

    public void ForgetLag(TopicPartition partition) => _lag.TryRemove(partition, out _);

    private static void Count(Counter<long> counter, IEnumerable<IncomingMessage> messages)
    {
        foreach (var (type, count) in messages.CountBy(message => (message.Context.Topic, message.Context.Type)))
            counter.Add(count, new(Topic, type.Topic), new("cloudevents.event_type", type.Type));
    }
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using EventId = ForgeShop.Contracts.EventId;

namespace ForgeShop.Messaging;

/// <summary>
/// Publishes what the outbox holds. Woken after each commit; polls for what nobody signalled. Every replica runs one: the store sees to it
/// that they do not overtake each other.
/// </summary>
internal sealed partial class OutboxRelay : BackgroundService
{
    private static readonly TimeSpan MeasureInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(5);
    // Another relay holds what is pending: look again once it will have finished.
    private static readonly TimeSpan ContentionPause = TimeSpan.FromMilliseconds(25);

    private const int CleanUpBatch = 1000;

    private readonly IOutboxStore _store;
    private readonly LogProbe _probe;
    private readonly OutboxSignal _signal;
    private readonly MessagingOptions _options;
    private readonly MessagingMetrics _metrics;
    private readonly KafkaStatus _status;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KafkaPublisher _publisher;
    private readonly Dictionary<(string Topic, int Partition), long> _highest = [];
    private volatile bool _suspect = true;
    private long _measuredAt;
    private long _cleanedUpAt;

    public OutboxRelay(
        IOutboxStore store, LogProbe probe, OutboxSignal signal, KafkaSettings kafka, IOptions<MessagingOptions> options,
        MessagingMetrics metrics, KafkaStatus status, TimeProvider time, ILogger<OutboxRelay> logger)
    {
        (_store, _probe, _signal, _options, _metrics, _status, _time, _logger) = (store, probe, signal, options.Value, metrics, status, time, logger);
        _publisher = new KafkaPublisher(kafka, options, time, logger) { OnError = OnKafkaError };
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The start of the service does not wait for the outbox.
        _cleanedUpAt = _time.GetTimestamp();
        await StoreReadiness.WaitAsync("outbox", _store.MeasureAsync, _options, _time, _logger, stoppingToken);
        using var patience = new CancellationTokenSource();
        // A batch that is on its way when the service stops may still end; what does not is published again by the next start.
        using var onStop = stoppingToken.Register(() => patience.CancelAfter(_options.StopTimeout / 2));
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                await RunOnceAsync(patience.Token, stoppingToken);
                if (failures > 0)
                    LogRecovered();
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                failures++;
                var longest = _options.MaxBackoff < MaxPause ? _options.MaxBackoff : MaxPause;
                var pause = Backoff.After(failures, _options.MinBackoff, longest);
                LogFailure(failures, pause, exception);
                await Task.Delay(pause, _time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <param name="patience">Ends some time after <paramref name="stoppingToken"/>, so that what is on its way can arrive.</param>
    /// <param name="stoppingToken">The service stops.</param>
    private async Task RunOnceAsync(CancellationToken patience, CancellationToken stoppingToken)
    {
        await MeasureAsync(stoppingToken); // First: how much waits is to be seen above all when nothing can be published.
        if (_suspect)
            await VerifyLogAsync(stoppingToken);
        var (published, sawAll) = await RelayBatchAsync(patience);
        await CleanUpAsync(stoppingToken);
        if (published == 0)
            await _signal.WaitAsync(sawAll ? _options.PollInterval : ContentionPause, _time, stoppingToken);
    }

    /// <summary>Claims a batch, publishes it and stores what became of it.</summary>
    private async Task<(int Count, bool SawAll)> RelayBatchAsync(CancellationToken cancellationToken)
    {
        await using var batch = await _store.ClaimAsync(_options.BatchSize, cancellationToken);
        if (batch.Messages.Count == 0)
            return (0, batch.SawAll);

        using var spans = new PublishSpans(batch.Messages);
        var outcomes = await _publisher.PublishAsync([.. batch.Messages.Select(message => new Outgoing(message.Topic, message.Key, () => spans.Write(message)))], cancellationToken);
        spans.Complete(outcomes);

        var lost = FindLost(batch.Messages, outcomes);
        for (var index = 0; index < outcomes.Length; index++)
            Record(batch.Messages[index], outcomes[index], lost);
        if (lost.Count > 0)
            LogRefill(string.Join(", ", lost));
        await batch.CompleteAsync(lost, cancellationToken);
        foreach (var (topic, count) in batch.Messages.Where(message => message.Status == OutboxStatus.Published).CountBy(message => message.Topic))
            _metrics.Published(topic, count);
        _status.Answers(KafkaRole.Relay);
        return (batch.Messages.Count, batch.SawAll);
    }

    /// <summary>
    /// A log only grows. Whoever gets an offset that is not above one acknowledged earlier writes to another log: the partition was emptied,
    /// and the check on connecting came too late to see it.
    /// </summary>
    private HashSet<(string Topic, int Partition)> FindLost(IReadOnlyList<OutboxMessage> messages, PublishOutcome[] outcomes)
    {
        var lost = new HashSet<(string, int)>();
        var acknowledged = messages.Zip(outcomes).Where(pair => pair.Second.Published).ToLookup(pair => (pair.First.Topic, pair.Second.Partition), pair => pair.Second.Offset);
        foreach (var offsets in acknowledged)
        {
            var highest = _highest.GetValueOrDefault(offsets.Key, -1);
            // Keys are published side by side, so that offsets come in no order; but none comes twice.
            foreach (var offset in offsets.Order())
            {
                if (offset <= highest)
                    lost.Add(offsets.Key);
                highest = offset;
            }
            if (lost.Contains(offsets.Key))
                _highest.Remove(offsets.Key); // Of the old log or of the new one: the next batch tells.
            else
                _highest[offsets.Key] = highest;
        }
        return lost;
    }

    private void Record(OutboxMessage message, PublishOutcome outcome, HashSet<(string, int)> lost)
    {
        if (!outcome.Tried)
            return;
        var now = _time.GetUtcNow();
        message.Attempts++;
        if (outcome.Published)
        {
            // Of a partition that lost something all is published again, so that it is in order.
            if (lost.Contains((message.Topic, outcome.Partition)))
                message.NextAttemptAt = now;
            else
                (message.Status, message.Partition, message.Offset, message.PublishedAt, message.Error) = (OutboxStatus.Published, outcome.Partition, outcome.Offset, now, null);
            return;
        }

        message.Error = outcome.Error!.Reason;
        message.NextAttemptAt = now + Backoff.After(message.Attempts, _options.MinBackoff, _options.MaxBackoff);
        if (outcome.RefusedForGood && message.Attempts >= _options.MaxPublishAttempts)
        {
            message.Status = OutboxStatus.Dead;
            _metrics.DeadLettered(message.Topic, "refused");
            LogDead(message.Id, message.Type, message.Topic, message.Attempts, message.Error);
        }
        else
        {
            _metrics.Retried(message.Topic);
            LogRefused(message.Id, message.Type, message.Topic, message.NextAttemptAt, message.Error);
        }
    }

    /// <summary>After every connection that was lost, and at the start: does Kafka still have what it acknowledged?</summary>
    private async Task VerifyLogAsync(CancellationToken cancellationToken)
    {
        _suspect = false;
        try
        {
            var anchors = await _store.GetAnchorsAsync(cancellationToken);
            var lost = await _probe.FindLostAsync(anchors, cancellationToken);
            _highest.Clear();
            foreach (var anchor in anchors.Except(lost))
                _highest[(anchor.Topic, anchor.Partition)] = anchor.Offset;
            if (anchors.Count > 0)
                _status.Answers(KafkaRole.Relay);
            if (lost.Count == 0)
                return;
            var partitions = lost.Select(anchor => (anchor.Topic, anchor.Partition)).ToList();
            LogRefill(string.Join(", ", partitions));
            var requeued = await _store.RequeueAsync(partitions, cancellationToken);
            LogRequeued(requeued);
        }
        catch
        {
            _suspect = true;
            throw;
        }
    }

    private async Task MeasureAsync(CancellationToken cancellationToken)
    {
        if (_measuredAt != 0 && _time.GetElapsedTime(_measuredAt) < MeasureInterval)
            return;
        _measuredAt = _time.GetTimestamp();
        _metrics.Outbox = await _store.MeasureAsync(cancellationToken);
    }

    /// <summary>In small batches, and no more than one between two batches of events.</summary>
    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        if (_time.GetElapsedTime(_cleanedUpAt) < _options.OutboxCleanUpInterval)
            return;
        var removed = await _store.CleanUpAsync(_time.GetUtcNow() - _options.OutboxRetention, CleanUpBatch, cancellationToken);
        if (removed < CleanUpBatch)
            _cleanedUpAt = _time.GetTimestamp();
    }

    private void OnKafkaError(Error error)
    {
        if (error.Code is ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Transport)
            _suspect = true;
        if (error.Code is ErrorCode.Local_AllBrokersDown)
            _status.DoesNotAnswer(KafkaRole.Relay, error.Reason);
    }

    public override void Dispose()
    {
        _publisher.Dispose();
        base.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The outbox cannot be relayed right now (failure {Failures}); events wait and are not lost. Next attempt in {Pause}")]
    private partial void LogFailure(int failures, TimeSpan pause, Exception exception);

    [LoggerMessage(LogLevel.Information, "The outbox is relayed again")]
    private partial void LogRecovered();

    [LoggerMessage(LogLevel.Warning, "Event {EventId} ({Type}) was not taken by topic {Topic}; next attempt at {NextAttempt:O}: {Reason}")]
    private partial void LogRefused(EventId eventId, string type, string topic, DateTimeOffset nextAttempt, string reason);

    [LoggerMessage(LogLevel.Error, "Event {EventId} ({Type}) is refused by topic {Topic} for good and is dead after {Attempts} attempts: {Reason}")]
    private partial void LogDead(EventId eventId, string type, string topic, int attempts, string reason);

    [LoggerMessage(LogLevel.Warning, "Kafka has lost what was published to {Partitions}; it is published again from the outbox")]
    private partial void LogRefill(string partitions);

    [LoggerMessage(LogLevel.Information, "{Count} events are pending again")]
    private partial void LogRequeued(long count);
}

namespace ForgeShop.Messaging;

/// <summary>
/// Publishes the outbox of one database. Of all replicas only the one that holds the session lock publishes, which keeps the order per key;
/// a standby takes over when the lock is free. A crash between Kafka's acknowledgement and the mark publishes messages again, and the inbox
/// of each consumer drops them.
/// </summary>
internal sealed class OutboxRelay(
    OutboxDatabase database, KafkaPublisher publisher, TopicProvisioner topics, OutboxSignal signal, MessagingMetrics metrics,
    IOptions<MessagingOptions> options, TimeProvider time, ILogger<OutboxRelay> logger)
    : BackgroundService
{
    private readonly MessagingOptions _options = options.Value;
    private int _failures;
    private bool _hasTopics;
    private long _progressAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                metrics.Outbox = null;
                await using var connection = await database.ConnectRelayAsync(stoppingToken);
                while (!await OutboxTable.TryElectAsync(connection, stoppingToken))
                    await Task.Delay(_options.PollInterval, time, stoppingToken);
                logger.LogInformation("Elected as the active relay of {Database}", connection.Database);
                await PublishAllAsync(connection, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // The connection is closed, so another replica may take over meanwhile.
                await BackOffAsync("The relay lost its database", exception, stoppingToken);
            }
        }
    }

    private async Task PublishAllAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var cleanedUpAt = _progressAt = time.GetTimestamp();
        while (true)
        {
            var messages = await OutboxTable.ReadUnpublishedAsync(connection, _options.PublishBatchSize, cancellationToken);
            metrics.Outbox = await MeasureAsync(connection, messages, cancellationToken);
            if (!await HasTopicsAsync(cancellationToken))
                continue;
            if (messages.Count > 0)
                await PublishAsync(connection, messages, cancellationToken);
            else
                await signal.WaitAsync(_options.PollInterval, time, cancellationToken);

            if (time.GetElapsedTime(cleanedUpAt) < _options.CleanUpInterval)
                continue;
            await CleanUpAsync(cancellationToken);
            cleanedUpAt = time.GetTimestamp();
        }
    }

    private async Task PublishAsync(NpgsqlConnection connection, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var batch = await publisher.PublishAsync(messages, cancellationToken);
        if (batch.Done.Count > 0)
            await OutboxTable.MarkAsync(connection, batch.Done, time.GetUtcNow(), cancellationToken);
        metrics.Published(batch.Done);
        foreach (var (message, error) in batch.Done.Where(result => result.Error is not null))
        {
            logger.LogError(
                "Kafka refuses message {EventId} ({Type}) for topic {Topic} for good: {Reason}. The relay passes over it; a replay tries "
                + "it again",
                message.EventId, message.Type, message.Topic, error);
        }
        _progressAt = batch.Done.Count > 0 ? time.GetTimestamp() : _progressAt;
        _failures = batch.Failure is null ? 0 : _failures;
        _hasTopics = batch.Failure is null;
        if (batch.Failure is { } failure)
            await BackOffAsync("Publishing failed", failure, cancellationToken);
    }

    /// <summary>Creates the topics at start, and again after a failure, because Kafka may have lost them.</summary>
    private async Task<bool> HasTopicsAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (!_hasTopics)
                await topics.CreateAsync(cancellationToken);
            return _hasTopics = true;
        }
        catch (KafkaException exception)
        {
            await BackOffAsync("Creating topics failed", exception, cancellationToken);
            return false;
        }
    }

    private async Task<OutboxDepth> MeasureAsync(
        NpgsqlConnection connection, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            _progressAt = time.GetTimestamp();
            return new(0, null);
        }
        var depth = messages.Count < _options.PublishBatchSize
            ? new(messages.Count, messages.Min(message => message.OccurredAt))
            : await OutboxTable.MeasureAsync(connection, cancellationToken);
        // Messages of a clock that was ahead have waited at least since the last progress.
        var stuckSince = time.GetUtcNow() - time.GetElapsedTime(_progressAt);
        return depth.OldestAt > stuckSince ? depth with { OldestAt = stuckSince } : depth;
    }

    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.ConnectAsync(cancellationToken);
        var now = time.GetUtcNow();
        await OutboxTable.CleanUpAsync(connection, now - _options.OutboxRetention, now - _options.InboxRetention, cancellationToken);
    }

    private async Task BackOffAsync(string what, Exception exception, CancellationToken cancellationToken)
    {
        var delay = Backoff.After(++_failures, _options.MinBackoff, _options.MaxBackoff);
        logger.LogWarning(exception, "{What} (attempt {Attempt}); retrying in {Delay}", what, _failures, delay);
        await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

namespace ForgeShop.Messaging;

/// <summary>
/// Publishes the outbox of one database. Of all replicas only the one that holds the session lock publishes, which keeps the order per key;
/// a standby takes over when the lock is free. A crash between Kafka's acknowledgement and the mark publishes messages again, and the inbox
/// of each consumer drops them.
/// </summary>
internal sealed class OutboxRelay(
    MessagingModel model, KafkaPublisher publisher, TopicProvisioner topics, MessagingMetrics metrics, IOptions<MessagingOptions> options,
    WorkerServices services) : PollingWorker(services)
{
    private readonly MessagingOptions _options = options.Value;
    private NpgsqlConnection? _connection;
    private bool _hasTopics;
    private long _cleanedUpAt;
    private long _progressAt = services.Time.GetTimestamp();

    protected override TimeSpan PollInterval => _options.PollInterval;

    protected override TimeSpan MinBackoff => _options.MinBackoff;

    protected override TimeSpan MaxBackoff => _options.MaxBackoff;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await base.ExecuteAsync(stoppingToken);
        await ResignAsync();
    }

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = _connection ?? await ElectAsync(cancellationToken);
            var messages = await OutboxTable.ReadUnpublishedAsync(connection, _options.PublishBatchSize, cancellationToken);
            metrics.Outbox = await MeasureAsync(connection, messages, cancellationToken);
            if (!_hasTopics)
                await topics.CreateAsync(cancellationToken);
            _hasTopics = true;
            if (messages.Count > 0)
                await PublishAsync(connection, messages, cancellationToken);
            if (Time.GetElapsedTime(_cleanedUpAt) >= _options.CleanUpInterval)
                await CleanUpAsync(cancellationToken);
            return messages.Count > 0;
        }
        catch
        {
            // Another replica may take over during the backoff.
            await ResignAsync();
            throw;
        }
    }

    /// <summary>Returns when this replica is the active one.</summary>
    private async Task<NpgsqlConnection> ElectAsync(CancellationToken cancellationToken)
    {
        _connection = Connect();
        await _connection.OpenAsync(cancellationToken);
        while (!await OutboxTable.TryElectAsync(_connection, cancellationToken))
        {
            (metrics.Outbox, _progressAt) = (null, Time.GetTimestamp());
            await Task.Delay(_options.PollInterval, Time, cancellationToken);
        }
        Logger.LogInformation("Elected as the active relay of {Database}", _connection.Database);
        // Kafka may have lost the topics since the last failure.
        (_hasTopics, _cleanedUpAt) = (false, Time.GetTimestamp());
        return _connection;
    }

    /// <summary>Returns a connection outside the pool: a pooled one that is given back would keep its session lock.</summary>
    private NpgsqlConnection Connect()
    {
        using var scope = Scopes.CreateScope();
        var pooled = model.OpenStore(scope.ServiceProvider)!.Database.GetConnectionString();
        return new(new NpgsqlConnectionStringBuilder(pooled) { Pooling = false }.ConnectionString);
    }

    private async Task ResignAsync()
    {
        if (_connection is not null)
            await _connection.DisposeAsync();
        _connection = null;
    }

    private async Task PublishAsync(NpgsqlConnection connection, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var (done, failure) = await publisher.PublishAsync(messages, cancellationToken);
        if (done.Count > 0)
        {
            await OutboxTable.MarkAsync(connection, done, Time.GetUtcNow(), cancellationToken);
            metrics.Published(done);
            _progressAt = Time.GetTimestamp();
        }
        foreach (var (message, error) in done.Where(result => result.Error is not null))
        {
            Logger.LogError(
                "Kafka refuses message {EventId} ({Type}) for topic {Topic} for good: {Reason}. The relay passes over it; a replay tries "
                + "it again",
                message.EventId, message.Type, message.Topic, error);
        }
        if (failure is not null)
            throw failure;
    }

    private async Task<OutboxDepth> MeasureAsync(
        NpgsqlConnection connection, List<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            _progressAt = Time.GetTimestamp();
            return new(0, null);
        }
        var depth = messages.Count < _options.PublishBatchSize
            ? new(messages.Count, messages.Min(message => message.OccurredAt))
            : await OutboxTable.MeasureAsync(connection, cancellationToken);
        // Messages of a clock that was ahead have waited at least since the last progress.
        var stuckSince = Time.GetUtcNow() - Time.GetElapsedTime(_progressAt);
        return depth.OldestAt > stuckSince ? depth with { OldestAt = stuckSince } : depth;
    }

    private async Task CleanUpAsync(CancellationToken cancellationToken)
    {
        await using var connection = Connect();
        await connection.OpenAsync(cancellationToken);
        var now = Time.GetUtcNow();
        await OutboxTable.DeleteAsync(connection, OutboxTable.DeletePublished, now - _options.OutboxRetention, cancellationToken);
        await OutboxTable.DeleteAsync(connection, OutboxTable.DeleteReceived, now - _options.InboxRetention, cancellationToken);
        _cleanedUpAt = Time.GetTimestamp();
    }
}

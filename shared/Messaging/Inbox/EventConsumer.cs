namespace ForgeShop.Messaging;

/// <summary>What all consumers of the service use.</summary>
internal sealed record ConsumerServices(
    KafkaSettings Kafka, TopicProvisioner Topics, Subscriptions Subscriptions, MessageReader Reader, IBatchProcessor Processor,
    DeadLetters DeadLetters, MessagingMetrics Metrics, IOptions<MessagingOptions> Options, TimeProvider Time,
    ILogger<EventConsumer> Logger);

/// <summary>
/// One consumer of the group. It reads what its partitions have ready, handles it as one batch, and stores the offsets after the commit.
/// Rebalances happen between batches. A batch that fails is divided: by partition, then by message, so that a failing message delays its
/// partition only.
/// </summary>
internal sealed class EventConsumer(ConsumerServices services) : BackgroundService
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LagInterval = TimeSpan.FromSeconds(5);

    private readonly MessagingOptions _options = services.Options.Value;
    private readonly ILogger _logger = services.Logger;
    private readonly List<KafkaMessage> _batch = [];
    private readonly Dictionary<TopicPartition, WaitingPartition> _waiting = [];
    private IConsumer<byte[]?, byte[]?> _consumer = null!;
    private volatile bool _disconnected;
    private CancellationToken _stopping;
    private string _cluster = "";
    private long _measuredAt;
    private int _failures;

    // Consume blocks, so each consumer has a thread of its own.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Consumes until the service stops. An error that the Kafka client does not recover from replaces the client.</summary>
    private void Run(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                services.Topics.EnsureAsync(stoppingToken).GetAwaiter().GetResult();
                using (_consumer = Subscribe())
                    Consume();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var delay = Backoff.After(++_failures, _options.MinBackoff, _options.MaxBackoff);
                _logger.LogError(exception, "The consumer failed (attempt {Attempt}); replacing it in {Delay}", _failures, delay);
                stoppingToken.WaitHandle.WaitOne(delay);
            }
        }
    }

    /// <summary>
    /// Waits without spinning. Task.Wait spins first, which takes processor time from the handlers on a machine with few cores.
    /// </summary>
    private static void Wait(Task task)
    {
        if (!task.IsCompleted)
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        task.GetAwaiter().GetResult();
    }

    private IConsumer<byte[]?, byte[]?> Subscribe()
    {
        (_cluster, _disconnected) = ("", false);
        var consumer = new ConsumerBuilder<byte[]?, byte[]?>(services.Kafka.Consumer())
            .SetPartitionsRevokedHandler((_, partitions) => Forget(partitions))
            .SetPartitionsLostHandler((_, partitions) => Forget(partitions))
            .SetErrorHandler((_, error) => _disconnected |= error.Code is ErrorCode.Local_AllBrokersDown)
            .SetLogHandler((_, line) => _logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
            .Build();
        consumer.Subscribe(services.Subscriptions.Topics);
        return consumer;
    }

    private void Consume()
    {
        try
        {
            while (!_stopping.IsCancellationRequested && !_disconnected)
            {
                Read();
                Wait(HandleAsync());
                MeasureLag();
            }
            // Kafka may come back without its topics. A consumer that saw them missing gets no partitions when they are created again, so a
            // new one begins.
            if (_disconnected)
                services.Topics.EnsureAsync(_stopping).GetAwaiter().GetResult();
        }
        finally
        {
            Forget(_consumer.Assignment.Select(partition => new TopicPartitionOffset(partition, Offset.Unset)));
            // Leaves the group, so that other consumers take over at once. Without a broker, this would wait for its time-out.
            if (services.Topics.AnswersAsync(CancellationToken.None).GetAwaiter().GetResult())
                _consumer.Close();
        }
    }

    /// <summary>
    /// Reads what is ready or arrives in the time to gather, up to the batch size. A rebalance on the way takes revoked partitions out of
    /// the batch.
    /// </summary>
    private void Read()
    {
        _batch.Clear();
        try
        {
            long? began = null;
            for (var next = _consumer.Consume(PollTime); next?.Message is not null; next = _consumer.Consume(GatherTimeAfter(began.Value)))
            {
                began ??= services.Time.GetTimestamp();
                if (_waiting.TryGetValue(next.TopicPartition, out var waiting))
                    waiting.Messages.Enqueue(next);
                else
                    _batch.Add(next);
                if (_batch.Count == _options.ConsumeBatchSize)
                    break;
            }
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal)
        {
            _logger.LogDebug("Kafka consumer: {Reason}", exception.Error.Reason);
            _disconnected |= exception.Error.Code is ErrorCode.UnknownTopicOrPart;
        }
    }

    private TimeSpan GatherTimeAfter(long began) =>
        TimeSpan.FromTicks(Math.Max(0, (services.Subscriptions.GatherTime - services.Time.GetElapsedTime(began)).Ticks));

    private async Task HandleAsync()
    {
        if (_batch.Count > 0)
            await HandleBatchAsync();
        foreach (
            var (partition, waiting) in _waiting.Where(entry => services.Time.GetElapsedTime(entry.Value.FailedAt) >= entry.Value.Delay)
            .ToList())
        {
            if (!await HandlePartitionAsync(partition, waiting))
                break;
        }
        services.Metrics.SetWaitingPartitions(this, _waiting.Count);
    }

    private async Task HandleBatchAsync()
    {
        if (_cluster.Length == 0)
            _cluster = await services.Topics.ClusterIdAsync(_stopping);
        if (await TryAsync(_batch) is not { } error)
        {
            Store(_batch);
            _failures = 0;
            return;
        }
        foreach (var ofPartition in _batch.GroupBy(message => message.TopicPartition))
        {
            if (services.Processor.IsTransient(error))
                Pause(ofPartition.Key, new WaitingPartition(ofPartition), error, isTransient: true);
            else
                await HandlePartitionAsync(ofPartition.Key, new WaitingPartition(ofPartition));
        }
    }

    /// <summary>
    /// Handles the messages of one partition: together, and where that fails one by one, up to the first that fails alone.
    /// </summary>
    /// <returns>Whether the store is available.</returns>
    private async Task<bool> HandlePartitionAsync(TopicPartition partition, WaitingPartition waiting)
    {
        var alone = waiting.Attempts > 0;
        while (waiting.Messages.Count > 0)
        {
            var part = waiting.Messages.Take(alone ? 1 : int.MaxValue).ToList();
            if (await TryAsync(part) is { } error)
            {
                var isTransient = services.Processor.IsTransient(error);
                if (part.Count > 1 && !isTransient)
                {
                    alone = true;
                    continue;
                }
                if (isTransient || ++waiting.Attempts < _options.MaxAttempts)
                {
                    Pause(partition, waiting, error, isTransient);
                    return !isTransient;
                }
                await services.DeadLetters.AddAsync(part[0], error, waiting.Attempts, _stopping);
                // The failing message is out, so the rest is a batch again.
                alone = false;
            }
            Store(part);
            waiting.Remove(part.Count);
        }
        if (_waiting.Remove(partition))
            _consumer.Resume([partition]);
        return true;
    }

    /// <summary>Pauses a partition for a backoff.</summary>
    private void Pause(TopicPartition partition, WaitingPartition waiting, Exception error, bool isTransient)
    {
        (waiting.FailedAt, waiting.Delay) = (
            services.Time.GetTimestamp(), Backoff.After(++waiting.Failures, _options.MinBackoff, _options.MaxBackoff));
        // While the store is unavailable, one partition tries it for all.
        foreach (var other in _waiting.Values.Where(_ => isTransient))
            (other.FailedAt, other.Delay) = (waiting.FailedAt, waiting.Delay);
        if (_waiting.TryAdd(partition, waiting))
            _consumer.Pause([partition]);
        services.Metrics.Retried(partition.Topic);
        _logger.LogWarning(error, "Handling {Place} failed (attempt {Attempt}, {Cause}); retrying in {Delay}",
            waiting.Messages.Peek().TopicPartitionOffset,
            waiting.Failures, isTransient ? "the store is unavailable" : "counted", waiting.Delay);
    }

    /// <summary>Handles messages in one transaction. Those that no attempt can make readable are dead-lettered after its commit.</summary>
    /// <returns>The reason of the failure; null if all are handled.</returns>
    private async Task<Exception?> TryAsync(IReadOnlyList<KafkaMessage> messages)
    {
        var readable = new List<IncomingMessage>(messages.Count);
        var unreadable = new List<(KafkaMessage Message, Exception Error)>();
        foreach (var message in messages)
        {
            try
            {
                if (services.Reader.Read(message, _cluster) is { } incoming)
                    readable.Add(incoming);
                else
                    services.Metrics.Skipped(message.Topic);
            }
            catch (UnreadableMessageException exception)
            {
                unreadable.Add((message, exception));
            }
        }
        try
        {
            if (readable.Count > 0)
                await services.Processor.ProcessAsync(readable, _stopping);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            return exception;
        }
        foreach (var (message, error) in unreadable)
            await services.DeadLetters.AddAsync(message, error, attempts: 1, _stopping);
        return null;
    }

    /// <summary>
    /// Marks the messages as handled; the client commits the offsets within a second, and before it gives a partition away.
    /// </summary>
    private void Store(IEnumerable<KafkaMessage> handled)
    {
        foreach (var last in handled.GroupBy(message => message.TopicPartition).Select(partition => partition.Last()))
        {
            try
            {
                _consumer.StoreOffset(last);
            }
            catch (KafkaException exception) when (exception.Error.Code is ErrorCode.Local_State)
            {
                // Another replica owns the partition by now. It reads the messages again, and its inbox drops them.
            }
        }
    }

    /// <summary>Another consumer gets the partitions and begins at the stored offsets.</summary>
    private void Forget(IEnumerable<TopicPartitionOffset> partitions)
    {
        foreach (var partition in partitions)
        {
            _batch.RemoveAll(message => message.TopicPartition == partition.TopicPartition);
            // A paused partition would stay paused if this consumer gets it again.
            if (_waiting.Remove(partition.TopicPartition))
                _consumer.Resume([partition.TopicPartition]);
            services.Metrics.ForgetLag(partition.Topic, partition.Partition.Value);
        }
    }

    private void MeasureLag()
    {
        if (services.Time.GetElapsedTime(_measuredAt) < LagInterval)
            return;
        _measuredAt = services.Time.GetTimestamp();
        foreach (var partition in _consumer.Assignment)
        {
            var (end, position) = (_consumer.GetWatermarkOffsets(partition).High, _consumer.Position(partition));
            if (end == Offset.Unset || position == Offset.Unset)
                continue;
            var waiting = _waiting.GetValueOrDefault(partition)?.Messages.Count ?? 0;
            services.Metrics.SetLag(partition.Topic, partition.Partition.Value, end - position + waiting);
        }
    }
}

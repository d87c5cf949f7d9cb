namespace ForgeShop.Messaging;

/// <summary>
/// One consumer of the group. It reads what its partitions have ready, handles it as one batch, and stores the offsets after the commit.
/// Rebalances happen between batches. A batch that fails is divided: by partition, then by message, so that a failing message delays its
/// partition only.
/// </summary>
internal sealed class EventConsumer(
    KafkaSettings kafka, TopicProvisioner topics, MessagingModel model, ForgeIds ids, InboxProcessor inbox, DeadLetters deadLetters,
    MessagingMetrics metrics, IOptions<MessagingOptions> options, TimeProvider time, ILogger<EventConsumer> logger)
    : BackgroundService
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LagInterval = TimeSpan.FromSeconds(5);

    private readonly MessagingOptions _options = options.Value;
    private readonly List<KafkaMessage> _batch = [];
    private readonly Dictionary<TopicPartition, WaitingPartition> _waiting = [];
    private IConsumer<byte[]?, byte[]?> _consumer = null!;
    private volatile bool _disconnected;
    private CancellationToken _stopping;
    private string _cluster = "";
    private long _measuredAt;
    private int _failures;

    /// <summary>Consumes until the service stops. An error that the Kafka client does not recover from replaces the client.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _stopping = stoppingToken;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                _cluster = await topics.EnsureAsync(stoppingToken);
                // Reading blocks, so each consumer has a thread of its own.
                await Task.Factory.StartNew(Consume, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var delay = Backoff.After(++_failures, _options.MinBackoff, _options.MaxBackoff);
                logger.LogError(exception, "The consumer failed (attempt {Attempt}); replacing it in {Delay}", _failures, delay);
                await Task.Delay(delay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Consume()
    {
        _disconnected = false;
        using var consumer = _consumer = new ConsumerBuilder<byte[]?, byte[]?>(kafka.Consumer())
            .SetPartitionsRevokedHandler((_, partitions) => Forget(partitions.Select(partition => partition.TopicPartition)))
            .SetErrorHandler((_, error) => _disconnected |= error.Code is ErrorCode.Local_AllBrokersDown)
            .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
            .Build();
        consumer.Subscribe(model.Handled.Select(handled => handled.Topic).Distinct());
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
                Wait(topics.EnsureAsync(_stopping));
        }
        finally
        {
            Forget(consumer.Assignment);
            // Leaves the group, so that other consumers take over at once. Without a broker, this would wait for its time-out.
            if (topics.AnswersAsync(CancellationToken.None).GetAwaiter().GetResult())
                consumer.Close();
        }
    }

    /// <summary>Waits without spinning, as Task.Wait does first: the handlers need the time on a machine with few cores.</summary>
    private static void Wait(Task task)
    {
        if (!task.IsCompleted)
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
        task.GetAwaiter().GetResult();
    }

    /// <summary>Reads what is ready or arrives in the time to gather. A rebalance takes revoked partitions out of the batch.</summary>
    private void Read()
    {
        _batch.Clear();
        try
        {
            long? began = null;
            for (var next = _consumer.Consume(PollTime); next?.Message is not null; next = _consumer.Consume(GatherTimeAfter(began.Value)))
            {
                began ??= time.GetTimestamp();
                (_waiting.GetValueOrDefault(next.TopicPartition)?.Messages ?? _batch).Add(next);
                if (_batch.Count == _options.ConsumeBatchSize)
                    break;
            }
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal)
        {
            logger.LogDebug("Kafka consumer: {Reason}", exception.Error.Reason);
            _disconnected |= exception.Error.Code is ErrorCode.UnknownTopicOrPart;
        }
    }

    private TimeSpan GatherTimeAfter(long began) =>
        TimeSpan.FromTicks(Math.Max(0, (model.GatherTime - time.GetElapsedTime(began)).Ticks));

    private async Task HandleAsync()
    {
        if (_batch.Count > 0)
            await HandleBatchAsync();
        var due = _waiting.Values.Where(waiting => time.GetElapsedTime(waiting.FailedAt) >= waiting.Delay).ToList();
        foreach (var waiting in due)
        {
            if (!await HandleAsync(waiting))
                break;
        }
        metrics.SetWaitingPartitions(this, _waiting.Count);
    }

    private async Task HandleBatchAsync()
    {
        if (await TryAsync(_batch) is not { } error)
        {
            Store(_batch);
            _failures = 0;
            return;
        }
        // From here on each partition waits for itself, at first for no time unless the store is at fault.
        foreach (var messages in _batch.GroupBy(message => message.TopicPartition))
        {
            _consumer.Pause([messages.Key]);
            var waiting = _waiting[messages.Key] = new(messages);
            if (model.IsTransient(error))
                Postpone(waiting, error, isTransient: true);
        }
    }

    /// <summary>Handles the messages of a waiting partition: together, or one by one up to the first that fails alone.</summary>
    /// <returns>Whether the store is available.</returns>
    private async Task<bool> HandleAsync(WaitingPartition waiting)
    {
        var alone = waiting.Attempts > 0;
        while (waiting.Messages.Count > 0)
        {
            var part = waiting.Messages.GetRange(0, alone ? 1 : waiting.Messages.Count);
            if (await TryAsync(part) is { } error)
            {
                var isTransient = model.IsTransient(error);
                if (part.Count > 1 && !isTransient)
                {
                    alone = true;
                    continue;
                }
                if (isTransient || ++waiting.Attempts < _options.MaxAttempts)
                {
                    Postpone(waiting, error, isTransient);
                    return !isTransient;
                }
                await deadLetters.AddAsync(part[0], error, waiting.Attempts, _stopping);
                // The failing message is out, so the rest is a batch again.
                alone = false;
            }
            Store(part);
            waiting.Messages.RemoveRange(0, part.Count);
            (waiting.Failures, waiting.Attempts) = (0, 0);
        }
        Resume(waiting.Partition);
        return true;
    }

    /// <summary>Lets a partition wait for its next attempt.</summary>
    private void Postpone(WaitingPartition waiting, Exception error, bool isTransient)
    {
        waiting.Delay = Backoff.After(++waiting.Failures, _options.MinBackoff, _options.MaxBackoff);
        waiting.FailedAt = time.GetTimestamp();
        // While the store is unavailable, one partition tries it for all.
        foreach (var other in _waiting.Values.Where(_ => isTransient))
            (other.FailedAt, other.Delay) = (waiting.FailedAt, waiting.Delay);
        metrics.Retried(waiting.Partition.Topic);
        logger.LogWarning(error, "Handling {Place} failed (attempt {Attempt}, {Cause}); retrying in {Delay}",
            waiting.Messages[0].TopicPartitionOffset, waiting.Failures, isTransient ? "the store is unavailable" : "counted",
            waiting.Delay);
    }

    /// <summary>Handles messages in one transaction. Those that no attempt can make readable are dead-lettered after its commit.</summary>
    /// <returns>The reason of the failure; null if all are handled.</returns>
    private async Task<Exception?> TryAsync(List<KafkaMessage> messages)
    {
        var readable = new List<IncomingMessage>(messages.Count);
        var unreadable = new List<(KafkaMessage Message, Exception Error)>();
        foreach (var message in messages)
        {
            try
            {
                if (IncomingMessage.Read(message, _cluster, model, ids) is { } incoming)
                    readable.Add(incoming);
                else
                    metrics.Skipped(message.Topic);
            }
            catch (UnreadableMessageException exception)
            {
                unreadable.Add((message, exception));
            }
        }
        try
        {
            if (readable.Count > 0)
                await inbox.ProcessAsync(readable, _stopping);
        }
        catch (Exception exception) when (!_stopping.IsCancellationRequested)
        {
            return exception;
        }
        foreach (var (message, error) in unreadable)
            await deadLetters.AddAsync(message, error, attempts: 1, _stopping);
        return null;
    }

    /// <summary>Marks messages as handled; the client commits within a second, and before it gives a partition away.</summary>
    private void Store(List<KafkaMessage> handled)
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
    private void Forget(IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            _batch.RemoveAll(message => message.TopicPartition == partition);
            // A paused partition would stay paused if this consumer gets it again.
            Resume(partition);
            metrics.ForgetLag(partition);
        }
    }

    private void Resume(TopicPartition partition)
    {
        if (_waiting.Remove(partition))
            _consumer.Resume([partition]);
    }

    private void MeasureLag()
    {
        if (time.GetElapsedTime(_measuredAt) < LagInterval)
            return;
        _measuredAt = time.GetTimestamp();
        foreach (var partition in _consumer.Assignment)
        {
            var (end, position) = (_consumer.GetWatermarkOffsets(partition).High, _consumer.Position(partition));
            if (end == Offset.Unset || position == Offset.Unset)
                continue;
            metrics.SetLag(partition, end - position + (_waiting.GetValueOrDefault(partition)?.Messages.Count ?? 0));
        }
    }

    /// <summary>The messages of a paused partition, with the failures in a row and the counted attempts of the first one.</summary>
    private sealed class WaitingPartition(IGrouping<TopicPartition, KafkaMessage> messages)
    {
        public TopicPartition Partition { get; } = messages.Key;
        public List<KafkaMessage> Messages { get; } = [.. messages];
        public int Failures { get; set; }
        public int Attempts { get; set; }
        public long FailedAt { get; set; }
        public TimeSpan Delay { get; set; }
    }
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Logging;
using KafkaMessage = Confluent.Kafka.ConsumeResult<byte[]?, byte[]?>;

namespace ForgeShop.Messaging;

/// <summary>
/// One Kafka consumer from its subscription to its end. It reads what its partitions have ready, handles it as one batch, and stores the offsets after the
/// commit. Rebalances happen between batches. A batch that fails is divided: by partition, then by message, so that a failing message delays its partition only.
/// </summary>
internal sealed partial class ConsumerSession : IDisposable
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LagInterval = TimeSpan.FromSeconds(5);

    private readonly ConsumerServices _services;
    private readonly MessagingOptions _options;
    private readonly ILogger _logger;
    private readonly IConsumer<byte[]?, byte[]?> _consumer;
    private readonly CancellationToken _stopping;
    private readonly CancellationTokenSource _abort = new();
    private readonly CancellationTokenRegistration _onStop;
    private readonly Dictionary<TopicPartition, WaitingPartition> _waiting = [];
    private volatile bool _disconnected;
    private string _cluster = "";
    private long _measuredAt;

    public ConsumerSession(ConsumerServices services, CancellationToken stoppingToken)
    {
        (_services, _options, _logger, _stopping) = (services, services.Options.Value, services.Logger, stoppingToken);
        // A batch that runs when the service stops gets some time to finish.
        _onStop = stoppingToken.Register(() => _abort.CancelAfter(_options.StopTimeout));
        _consumer = new ConsumerBuilder<byte[]?, byte[]?>(services.Kafka.Consumer())
            .SetPartitionsRevokedHandler((_, partitions) => Forget(partitions))
            .SetPartitionsLostHandler((_, partitions) => Forget(partitions))
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, line) => _logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
            .Build();
    }

    /// <param name="succeeded">Called when a batch is handled.</param>
    public void Run(Action succeeded)
    {
        _consumer.Subscribe(_services.Subscriptions.Topics);
        while (!_stopping.IsCancellationRequested)
        {
            var batch = Read();
            if (batch.Count > 0)
            {
                HandleAsync(batch).GetAwaiter().GetResult();
                succeeded();
            }
            RetryAsync().GetAwaiter().GetResult();
            MeasureLag();
        }
        // Leaves the group, so that other replicas take over at once. Without a broker, this would wait for its time-out.
        if (!_disconnected)
            _consumer.Close();
    }

    public void Dispose()
    {
        Forget(_consumer.Assignment.Select(partition => new TopicPartitionOffset(partition, Offset.Unset)));
        _consumer.Dispose();
        _onStop.Dispose();
        _abort.Dispose();
    }

    /// <summary>Returns what is ready, up to the batch size.</summary>
    private List<KafkaMessage> Read()
    {
        var batch = new List<KafkaMessage>();
        try
        {
            for (var next = _consumer.Consume(PollTime); next?.Message is not null; next = _consumer.Consume(TimeSpan.Zero))
            {
                if (_waiting.TryGetValue(next.TopicPartition, out var waiting))
                    waiting.Messages.Enqueue(next);
                else
                    batch.Add(next);
                if (batch.Count == _options.ConsumeBatchSize)
                    break;
            }
        }
        catch (ConsumeException exception) when (exception.Error.Code is ErrorCode.UnknownTopicOrPart)
        {
            // The topics were deleted, or the broker lost its data.
            _services.Topics.EnsureAsync(_stopping).GetAwaiter().GetResult();
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal)
        {
            LogConsume(exception.Error.Reason);
        }
        return batch;
    }

    private async Task HandleAsync(List<KafkaMessage> batch)
    {
        if (_disconnected || _cluster.Length == 0)
        {
            _cluster = await _services.Topics.ClusterIdAsync(_stopping);
            _disconnected = false;
            _services.Health.Clear(KafkaClient.Consumer);
        }
        if (await TryAsync(batch) is null)
        {
            Store(batch);
            return;
        }
        foreach (var ofPartition in batch.GroupBy(message => message.TopicPartition))
            await HandlePartitionAsync(ofPartition.Key, new WaitingPartition(ofPartition));
    }

    private async Task RetryAsync()
    {
        foreach (var (partition, waiting) in _waiting.ToList())
        {
            if (_services.Time.GetElapsedTime(waiting.FailedAt) >= waiting.Delay)
                await HandlePartitionAsync(partition, waiting);
        }
    }

    /// <summary>Handles the messages of one partition: together, and where that fails one by one, up to the first that fails alone.</summary>
    private async Task HandlePartitionAsync(TopicPartition partition, WaitingPartition waiting)
    {
        var alone = waiting.Attempts > 0;
        while (waiting.Messages.Count > 0)
        {
            var part = waiting.Messages.Take(alone ? 1 : int.MaxValue).ToList();
            var error = await TryAsync(part);
            if (error is not null && part.Count > 1 && !_services.Processor.IsTransient(error))
            {
                alone = true;
                continue;
            }
            if (error is not null)
            {
                if (!await GiveUpAsync(part[0], waiting, error))
                {
                    Pause(partition, waiting);
                    return;
                }
                // The failing message is out, so the rest is a batch again.
                alone = false;
            }
            Store(part);
            waiting.Remove(part.Count);
        }
        if (_waiting.Remove(partition))
            _consumer.Resume([partition]);
        _services.Health.WaitingPartitions = _waiting.Count;
    }

    /// <summary>Counts the attempt, unless the store is at fault, and dead-letters the message after the last one.</summary>
    /// <returns>Whether the message is dead-lettered.</returns>
    private async Task<bool> GiveUpAsync(KafkaMessage message, WaitingPartition waiting, Exception error)
    {
        waiting.Failures++;
        var isTransient = _services.Processor.IsTransient(error);
        if (!isTransient && ++waiting.Attempts >= _options.MaxAttempts)
        {
            await _services.DeadLetters.AddAsync(message, error, waiting.Attempts, _stopping);
            return true;
        }
        var delay = Backoff.After(waiting.Failures, _options.MinBackoff, _options.MaxBackoff);
        (waiting.FailedAt, waiting.Delay) = (_services.Time.GetTimestamp(), delay);
        _services.Metrics.Retried(message.Topic);
        if (isTransient)
            LogStoreUnavailable(message.Topic, message.Partition.Value, delay, error);
        else
            LogRetry(message.Offset.Value, message.Topic, message.Partition.Value, waiting.Attempts, delay, error);
        return false;
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
                if (_services.Reader.Read(message, _cluster) is { } incoming)
                    readable.Add(incoming);
                else
                    _services.Metrics.Skipped(message.Topic);
            }
            catch (UnreadableMessageException exception)
            {
                unreadable.Add((message, exception));
            }
        }
        try
        {
            if (readable.Count > 0)
                await _services.Processor.ProcessAsync(readable, _abort.Token);
        }
        catch (Exception exception) when (!_abort.IsCancellationRequested)
        {
            return exception;
        }
        foreach (var (message, error) in unreadable)
            await _services.DeadLetters.AddAsync(message, error, attempts: 1, _stopping);
        return null;
    }

    private void Pause(TopicPartition partition, WaitingPartition waiting)
    {
        if (_waiting.TryAdd(partition, waiting))
            _consumer.Pause([partition]);
        _services.Health.WaitingPartitions = _waiting.Count;
    }

    /// <summary>Marks the messages as handled; the client commits the offsets within a second, and before it gives a partition away.</summary>
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
            _waiting.Remove(partition.TopicPartition);
            _services.Metrics.ForgetLag(partition.Topic, partition.Partition.Value);
        }
        _services.Health.WaitingPartitions = _waiting.Count;
    }

    private void MeasureLag()
    {
        if (_services.Time.GetElapsedTime(_measuredAt) < LagInterval)
            return;
        _measuredAt = _services.Time.GetTimestamp();
        foreach (var partition in _consumer.Assignment)
        {
            var (end, position) = (_consumer.GetWatermarkOffsets(partition).High, _consumer.Position(partition));
            if (end != Offset.Unset && position != Offset.Unset)
                _services.Metrics.SetLag(partition.Topic, partition.Partition.Value, end - position + (_waiting.GetValueOrDefault(partition)?.Messages.Count ?? 0));
        }
    }

    private void OnError(Error error)
    {
        if (error.Code is not ErrorCode.Local_AllBrokersDown)
            return;
        _disconnected = true;
        _services.Health.Report(KafkaClient.Consumer, error.Reason);
    }

    [LoggerMessage(LogLevel.Debug, "Kafka consumer: {Reason}")]
    private partial void LogConsume(string reason);

    [LoggerMessage(LogLevel.Warning, "Handling message {Offset} of {Topic}, partition {Partition}, failed (attempt {Attempt}); retrying in {Delay}")]
    private partial void LogRetry(long offset, string topic, int partition, int attempt, TimeSpan delay, Exception exception);

    [LoggerMessage(LogLevel.Warning, "The store of {Topic}, partition {Partition}, is unavailable; retrying in {Delay}")]
    private partial void LogStoreUnavailable(string topic, int partition, TimeSpan delay, Exception exception);

    /// <summary>The messages of a paused partition, the first of which failed.</summary>
    private sealed class WaitingPartition(IEnumerable<KafkaMessage> messages)
    {
        public Queue<KafkaMessage> Messages { get; } = new(messages);

        /// <summary>Failures in a row, for the backoff.</summary>
        public int Failures { get; set; }

        /// <summary>Failures of the first message that were not the store's fault.</summary>
        public int Attempts { get; set; }

        public long FailedAt { get; set; }

        public TimeSpan Delay { get; set; }

        public void Remove(int count)
        {
            for (; count > 0; count--)
                Messages.Dequeue();
            (Failures, Attempts) = (0, 0);
        }
    }
}

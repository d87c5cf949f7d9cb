using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>What a session is made of; the same for all of them.</summary>
internal sealed record ConsumerParts(
    KafkaSettings Kafka, Subscriptions Subscriptions, IInboxStore Inbox, LogProbe Probe, MessageProcessor Processor, ParkedStreams Parked,
    IOptions<MessagingOptions> Options, MessagingMetrics Metrics, KafkaStatus Status, TimeProvider Time, ILogger<EventConsumer> Logger);

/// <summary>
/// One Kafka consumer from its subscription to its end: the service stops, the client failed for good, or the connection was lost. After a
/// lost connection the partitions may be other logs than before, and this client would read on at its old offsets: only a new one asks anew.
/// </summary>
internal sealed class ConsumerSession(ConsumerParts parts, CancellationToken stoppingToken)
{
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StoreTimeout = TimeSpan.FromSeconds(30);

    private readonly Dictionary<TopicPartition, PartitionQueue> _queues = [];
    private readonly MessagingOptions _options = parts.Options.Value;
    private Task _saving = Task.CompletedTask;
    private Task _visiting = Task.CompletedTask;
    private long _committedAt;
    private long _visitedAt;
    private string? _end;

    /// <summary>Blocks its thread, which should therefore be one of its own.</summary>
    /// <returns>Why it ended, if not because the service stops.</returns>
    public string? Run()
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(parts.Kafka.Consumer())
            .SetPartitionsAssignedHandler((_, partitions) => OrEnd(() => Assigned(partitions)))
            .SetPartitionsRevokedHandler((consumer, partitions) => OrEnd(() => Release(consumer, partitions)))
            .SetPartitionsLostHandler((consumer, partitions) => OrEnd(() => Lose(consumer, [.. partitions.Select(partition => partition.TopicPartition)])))
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, line) => parts.Logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
            .Build();
        try
        {
            consumer.Subscribe(parts.Subscriptions.Topics);
            _committedAt = _visitedAt = parts.Time.GetTimestamp();
            while (_end is null && !stoppingToken.IsCancellationRequested)
                Poll(consumer);
            // Revokes everything, see Release, and says good-bye to the group. Where nobody answers it would wait for half a minute.
            if (_end is null && parts.Status.Troubles.Count == 0)
                consumer.Close();
            return _end;
        }
        finally
        {
            Drop([.. _queues.Keys]);
        }
    }

    private void Poll(IConsumer<byte[]?, byte[]?> consumer)
    {
        try
        {
            if (consumer.Consume(PollTime) is { Message: not null } consumed && _end is null)
            {
                parts.Status.Answers(KafkaRole.Consumer);
                if (_queues.TryGetValue(consumed.TopicPartition, out var queue))
                    queue.Add(consumed);
            }
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal && exception.InnerException is null)
        {
            // For instance a topic that does not exist yet. The client goes on by itself.
            parts.Logger.LogDebug("Kafka consumer: {Reason}", exception.Error.Reason);
        }

        foreach (var queue in _queues.Values)
        {
            if (queue.Fault is { } fault)
                throw new InvalidOperationException($"The queue of {queue.Partition} broke.", fault);
            Throttle(consumer, queue);
        }
        if (parts.Time.GetElapsedTime(_committedAt) >= _options.CommitInterval && _saving.IsCompleted)
        {
            _committedAt = parts.Time.GetTimestamp();
            _saving = SaveAsync(consumer, [.. _queues.Values]);
            MeasureLag(consumer);
        }
        if (parts.Time.GetElapsedTime(_visitedAt) >= parts.Parked.Interval && _visiting.IsCompleted)
        {
            _visitedAt = parts.Time.GetTimestamp();
            _visiting = parts.Parked.VisitAsync(_queues.Values.ToDictionary(queue => queue.Partition), stoppingToken);
        }
    }

    /// <summary>A partition that cannot be handled as fast as it is read is paused; polling, and so our membership, goes on.</summary>
    private void Throttle(IConsumer<byte[]?, byte[]?> consumer, PartitionQueue queue)
    {
        var count = queue.Count;
        if (!queue.IsPaused && count >= _options.MaxQueuedPerPartition)
            consumer.Pause([queue.Partition]);
        else if (queue.IsPaused && count <= _options.MaxQueuedPerPartition / 2)
            consumer.Resume([queue.Partition]);
        else
            return;
        queue.IsPaused = !queue.IsPaused;
    }

    /// <summary>
    /// What fails in a handler comes out of Consume, and must not look like a failure of Consume itself (the probe reads, too): a client that was not told
    /// which partitions it has waits for that for good. So the session ends, and the next one asks again.
    /// </summary>
    private static T OrEnd<T>(Func<T> handler)
    {
        try
        {
            return handler();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw new InvalidOperationException($"The partitions could not be taken over or given away: {exception.Message}", exception);
        }
    }

    private static void OrEnd(Action handler) => OrEnd(() =>
    {
        handler();
        return true;
    });

    /// <summary>
    /// Where to begin: behind the last message that we know to be handled, if it is still there. If it is not, the log is another one, and
    /// everything in it is read; the inbox drops what we had. What Kafka has as committed is for those who watch the group's lag.
    /// </summary>
    private List<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        patience.CancelAfter(StoreTimeout);
        var positions = parts.Inbox.LoadPositionsAsync(partitions, patience.Token).WaitAsync(patience.Token).GetAwaiter().GetResult();
        var lost = parts.Probe.FindLost(positions, stoppingToken);
        if (lost.Count > 0)
            parts.Logger.LogWarning("Kafka has lost what was read of {Partitions}; they are read from the beginning", string.Join(", ", lost.Select(anchor => anchor.TopicPartition)));
        var known = positions.Except(lost).ToDictionary(anchor => anchor.TopicPartition, anchor => new Offset(anchor.Offset + 1));
        var starts = partitions.ConvertAll(partition => new TopicPartitionOffset(partition, known.GetValueOrDefault(partition, Offset.Beginning)));
        foreach (var start in starts)
            _queues[start.TopicPartition] = new PartitionQueue(start, parts.Processor, _options, parts.Metrics, parts.Time, parts.Logger);
        parts.Status.Answers(KafkaRole.Consumer);
        return starts;
    }

    /// <summary>Others get these partitions: what is being handled is finished and stored first.</summary>
    private void Release(IConsumer<byte[]?, byte[]?> consumer, List<TopicPartitionOffset> partitions)
    {
        var queues = partitions.Select(partition => _queues.GetValueOrDefault(partition.TopicPartition)).OfType<PartitionQueue>().ToList();
        ResumeAll(consumer, queues);
        Stop(queues);
        _saving.GetAwaiter().GetResult();
        SaveAsync(consumer, queues).GetAwaiter().GetResult();
        Drop([.. queues.Select(queue => queue.Partition)]);
    }

    private void Lose(IConsumer<byte[]?, byte[]?> consumer, List<TopicPartition> partitions)
    {
        ResumeAll(consumer, partitions.Select(partition => _queues.GetValueOrDefault(partition)).OfType<PartitionQueue>());
        Drop(partitions);
    }

    /// <summary>The client remembers a pause beyond the assignment: a partition that is given away paused and comes back would stay silent for good.</summary>
    private static void ResumeAll(IConsumer<byte[]?, byte[]?> consumer, IEnumerable<PartitionQueue> queues)
    {
        var paused = queues.Where(queue => queue.IsPaused).ToList();
        if (paused.Count > 0)
            consumer.Resume(paused.Select(queue => queue.Partition));
        foreach (var queue in paused)
            queue.IsPaused = false;
    }

    /// <summary>Others may have these partitions already, or they may be gone: nothing is stored any more.</summary>
    private void Drop(IEnumerable<TopicPartition> partitions)
    {
        var queues = partitions.Select(partition => _queues.GetValueOrDefault(partition)).OfType<PartitionQueue>().ToList();
        Stop(queues);
        foreach (var queue in queues)
        {
            _queues.Remove(queue.Partition);
            parts.Metrics.ForgetLag(queue.Partition.Topic, queue.Partition.Partition.Value);
            queue.Dispose();
        }
    }

    private void Stop(IEnumerable<PartitionQueue> queues) =>
        Task.WhenAll(queues.Select(queue => queue.StopAsync(_options.StopTimeout))).GetAwaiter().GetResult();

    /// <summary>Stores how far the effects have come, and lets Kafka know. A failure costs repetition, which the inbox drops.</summary>
    private async Task SaveAsync(IConsumer<byte[]?, byte[]?> consumer, IReadOnlyList<PartitionQueue> queues)
    {
        var moved = queues.Select(queue => queue.TakePosition()).OfType<LogAnchor>().ToList();
        if (moved.Count == 0)
            return;
        foreach (var position in moved)
            consumer.StoreOffset(new TopicPartitionOffset(position.TopicPartition, position.Offset + 1));
        using var patience = new CancellationTokenSource(StoreTimeout, parts.Time);
        try
        {
            await parts.Inbox.SavePositionsAsync(moved, patience.Token);
        }
        catch (Exception exception)
        {
            parts.Logger.LogWarning(exception, "The consumer's positions could not be stored");
        }
    }

    private void MeasureLag(IConsumer<byte[]?, byte[]?> consumer)
    {
        foreach (var queue in _queues.Values)
        {
            // All known locally: no request. Before the first fetch they are not, and before the first message there is no position.
            var (range, position) = (consumer.GetWatermarkOffsets(queue.Partition), consumer.Position(queue.Partition));
            if (range.High.IsSpecial)
                continue;
            var next = !position.IsSpecial ? position.Value : queue.Start.IsSpecial ? range.Low.Value : queue.Start.Value;
            parts.Metrics.SetLag(queue.Partition.Topic, queue.Partition.Partition.Value, Math.Max(0, range.High.Value - next) + queue.Count);
            queue.Measure(range.High.Value, next, parts.Time.GetUtcNow());
        }
    }

    private void OnError(Error error)
    {
        if (error.IsFatal)
            _end = error.Reason;
        if (error.Code is not ErrorCode.Local_AllBrokersDown)
            return;
        parts.Status.DoesNotAnswer(KafkaRole.Consumer, error.Reason);
        // Without partitions there is nothing to distrust: the client connects by itself.
        if (_queues.Count > 0)
            _end = "the connection to Kafka was lost";
    }
}

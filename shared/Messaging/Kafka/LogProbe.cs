using Confluent.Kafka;

namespace ForgeShop.Messaging.Kafka;

/// <summary>A message that we know to have been in a partition at an offset.</summary>
internal sealed record LogAnchor(string Topic, int Partition, long Offset, Guid Identity)
{
    public TopicPartition TopicPartition => new(Topic, Partition);
}

/// <summary>
/// Asks whether a partition is still the log that we knew. A broker that came back empty, or from an old snapshot, counts its offsets anew:
/// then the message at an offset that we remember is missing, or is another one. Offsets alone would not tell, once the new log has grown.
/// </summary>
internal sealed class LogProbe(KafkaSettings settings)
{
    private const int RequestAttempts = 5;
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Those of <paramref name="anchors"/> that are no longer where they were.</summary>
    /// <exception cref="KafkaException">Kafka does not answer.</exception>
    /// <exception cref="TimeoutException">Kafka does not answer in time.</exception>
    public Task<IReadOnlyList<LogAnchor>> FindLostAsync(IReadOnlyList<LogAnchor> anchors, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => FindLost(anchors, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <inheritdoc cref="FindLostAsync"/>
    public IReadOnlyList<LogAnchor> FindLost(IReadOnlyList<LogAnchor> anchors, CancellationToken cancellationToken)
    {
        if (anchors.Count == 0)
            return [];
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(settings.Probe())
            .SetErrorHandler((_, _) => { }) // What matters comes back from the calls themselves.
            .SetLogHandler((_, _) => { })
            .Build();
        var lost = new List<LogAnchor>();
        var toRead = new Dictionary<TopicPartition, LogAnchor>();
        foreach (var anchor in anchors)
        {
            var (low, high) = Watermarks(consumer, anchor, cancellationToken);
            if (anchor.Offset >= high)
                lost.Add(anchor);
            else if (anchor.Offset >= low)
                toRead.Add(anchor.TopicPartition, anchor);
            // Below the low watermark retention has removed it: nothing is known against this log.
        }
        lost.AddRange(Read(consumer, toRead, cancellationToken).Where(read => !read.Same).Select(read => read.Anchor));
        return lost;
    }

    private static (long Low, long High) Watermarks(IConsumer<byte[]?, byte[]?> consumer, LogAnchor anchor, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var watermarks = consumer.QueryWatermarkOffsets(anchor.TopicPartition, RequestTimeout);
                return (watermarks.Low.Value, watermarks.High.Value);
            }
            catch (KafkaException exception) when (exception.Error.Code is ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition)
            {
                return (0, 0); // Not even the topic is left.
            }
            catch (KafkaException) when (attempt < RequestAttempts)
            {
                // The call cannot be cancelled, so it waits briefly, several times.
            }
        }
    }

    private static IEnumerable<(LogAnchor Anchor, bool Same)> Read(
        IConsumer<byte[]?, byte[]?> consumer, Dictionary<TopicPartition, LogAnchor> toRead, CancellationToken cancellationToken)
    {
        if (toRead.Count == 0)
            yield break;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReadTimeout);
        consumer.Assign(toRead.Values.Select(anchor => new TopicPartitionOffset(anchor.TopicPartition, anchor.Offset)));
        while (toRead.Count > 0)
        {
            ConsumeResult<byte[]?, byte[]?> read;
            try
            {
                read = consumer.Consume(patience.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Kafka did not return the last known messages of {toRead.Count} partitions within {ReadTimeout.TotalSeconds:0} s.");
            }
            if (toRead.Remove(read.TopicPartition, out var anchor))
            {
                consumer.IncrementalUnassign([read.TopicPartition]);
                // A later offset first: retention or compaction took ours meanwhile.
                yield return (anchor, read.Offset > anchor.Offset || CloudEvents.IdentityOf(read.Message) == anchor.Identity);
            }
        }
    }
}

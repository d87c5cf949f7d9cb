using Confluent.Kafka;
using Microsoft.Extensions.Logging;

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
internal sealed partial class LogProbe(KafkaSettings settings, ILogger<LogProbe> logger)
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
        using var consumer = Consumer();
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
        lost.AddRange(FindOthers(consumer, toRead, cancellationToken));
        return lost;
    }

    /// <summary>Whether Kafka gives any sign of life.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var consumer = Consumer();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        try
        {
            await Task.Factory.StartNew(() => admin.GetMetadata(RequestTimeout), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            return true;
        }
        catch (KafkaException)
        {
            return false;
        }
    }

    // What matters comes back from the calls themselves.
    private IConsumer<byte[]?, byte[]?> Consumer() => new ConsumerBuilder<byte[]?, byte[]?>(settings.Probe())
        .SetErrorHandler((_, _) => { })
        .SetLogHandler((_, _) => { })
        .Build();

    private (long Low, long High) Watermarks(IConsumer<byte[]?, byte[]?> consumer, LogAnchor anchor, CancellationToken cancellationToken)
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
            catch (KafkaException exception) when (MayNotRead(exception))
            {
                LogUnchecked(anchor.TopicPartition, exception.Error.Reason);
                return (long.MaxValue, long.MaxValue); // As if retention had removed it.
            }
            catch (KafkaException) when (attempt < RequestAttempts)
            {
                // The call cannot be cancelled, so it waits briefly, several times.
            }
        }
    }

    /// <summary>Reads the first message at each anchor and returns the anchors at which another one lies.</summary>
    private List<LogAnchor> FindOthers(IConsumer<byte[]?, byte[]?> consumer, Dictionary<TopicPartition, LogAnchor> toRead, CancellationToken cancellationToken)
    {
        var others = new List<LogAnchor>();
        if (toRead.Count == 0)
            return others;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(ReadTimeout);
        consumer.Assign(toRead.Values.Select(anchor => new TopicPartitionOffset(anchor.TopicPartition, anchor.Offset)));
        while (toRead.Count > 0)
        {
            try
            {
                var read = consumer.Consume(patience.Token);
                if (!toRead.Remove(read.TopicPartition, out var anchor))
                    continue;
                consumer.IncrementalUnassign([read.TopicPartition]);
                // A later offset first: retention or compaction took ours meanwhile.
                if (read.Offset == anchor.Offset && CloudEvents.IdentityOf(read.Message) != anchor.Identity)
                    others.Add(anchor);
            }
            catch (ConsumeException exception) when (MayNotRead(exception) && toRead.Remove(exception.ConsumerRecord.TopicPartition))
            {
                LogUnchecked(exception.ConsumerRecord.TopicPartition, exception.Error.Reason);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new TimeoutException($"Kafka did not return the last known messages of {toRead.Count} partitions within {ReadTimeout.TotalSeconds:0} s.");
            }
        }
        return others;
    }

    private static bool MayNotRead(KafkaException exception) => exception.Error.Code is ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed;

    /// <summary>A relay that may only write cannot look; the offsets of its next acknowledgements remain as a sign.</summary>
    [LoggerMessage(LogLevel.Warning, "Whether {Partition} is still the log that it was cannot be checked: {Reason}")]
    private partial void LogUnchecked(TopicPartition partition, string reason);
}

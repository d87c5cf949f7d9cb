using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// Looks now and then after streams with parked events. One whose turn has come is worked off. One that waits for an event that does not come
/// gets a dead letter, so that somebody hears of it; but if nothing of it was ever handled here, its beginning is not to be had, and it
/// begins with what there is.
/// </summary>
internal sealed partial class ParkedStreams(
    IInboxStore inbox, DeadLetters deadLetters, IOptions<MessagingOptions> options, MessagingMetrics metrics, TimeProvider time, ILogger<ParkedStreams> logger)
{
    private const int MaxStreams = 1000;
    private const int Leisure = 10;
    private static readonly TimeSpan MaxInterval = TimeSpan.FromSeconds(5);

    private readonly TimeSpan _interval = options.Value.GapTimeout / 2 < MaxInterval ? options.Value.GapTimeout / 2 : MaxInterval;
    private TimeSpan _lastVisit;

    /// <summary>The pause between two visits: where much is parked and a visit takes long, a longer one.</summary>
    public TimeSpan Interval => _lastVisit * Leisure > _interval ? _lastVisit * Leisure : _interval;

    /// <summary>Never throws: what fails is done by the next visit.</summary>
    public async Task VisitAsync(IReadOnlyDictionary<TopicPartition, PartitionQueue> queues, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            metrics.Inbox = await inbox.MeasureAsync(cancellationToken);
            if (metrics.Inbox.Events == 0)
                return;
            foreach (var stream in await inbox.FindWaitingAsync([.. queues.Keys], MaxStreams, cancellationToken))
                await VisitAsync(stream, queues[new(stream.Key.Topic, stream.Partition)], cancellationToken);
        }
        catch (Exception exception)
        {
            if (!cancellationToken.IsCancellationRequested)
                LogFailure(exception);
        }
        _lastVisit = time.GetElapsedTime(started);
    }

    private async Task VisitAsync(WaitingStream stream, PartitionQueue queue, CancellationToken cancellationToken)
    {
        if (stream.IsDue)
        {
            queue.Release(stream.Key);
            return;
        }
        // Only once the partition was read to its end: until then what is missing may still lie further back.
        if (queue.CaughtUpTo is not { } caughtUp || caughtUp < stream.First.ParkedAt + options.Value.GapTimeout)
            return;
        if (stream.Sequence is null)
        {
            LogBegins(stream.First.Sequence, stream.Key.Subject, stream.Key.Topic);
            await inbox.BeginAsync(stream.Key, cancellationToken);
            queue.Release(stream.Key);
            return;
        }
        // The letter first: interrupted in between, the next visit writes another one, which is better than none.
        await deadLetters.AddAsync(stream.First.ToConsumed(), new MissingEventException(stream.Sequence, stream.First.Sequence), 0, cancellationToken);
        await inbox.StopBeforeAsync(stream.Key, stream.Partition, stream.First.Sequence, stream.Sequence, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Events before {Sequence} of {Subject} in {Topic} are not to be had; it is handled from there on")]
    private partial void LogBegins(long sequence, Guid subject, string topic);

    [LoggerMessage(LogLevel.Warning, "Parked events could not be looked after; the next visit will do it")]
    private partial void LogFailure(Exception exception);
}

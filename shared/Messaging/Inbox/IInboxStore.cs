using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging;

/// <summary>Where effects of events are stored, and with them how far every aggregate's events, and every partition, are handled.</summary>
internal interface IInboxStore
{
    /// <summary>
    /// Runs <paramref name="handle"/> if it is the event's turn, so that its effect happens once, however often it arrives. What is behind its
    /// turn is dropped, what is before it is parked: kept until the events before it are handled. If a dead letter told that it waits in
    /// vain, and here it is again, another one may be written.
    /// </summary>
    /// <exception cref="UnreadableMessageException">The aggregate has another event with this sequence.</exception>
    /// <exception cref="ParkingFullException">Too much is parked behind the same event already.</exception>
    Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken);

    /// <summary>The parked event of a stream whose turn it is, if there is one and it is not dead.</summary>
    Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken);

    /// <summary>Notes that the stream stands before the event with this sequence and that a dead letter says so.</summary>
    /// <param name="stream">Which one.</param>
    /// <param name="partition">Where its events are read.</param>
    /// <param name="sequence">The event that the dead letter is about.</param>
    /// <param name="handled">How far the stream was handled then, if at all. If it has gone on since, nothing is noted.</param>
    /// <param name="cancellationToken">Ends it.</param>
    Task StopBeforeAsync(StreamKey stream, int partition, long sequence, long? handled, CancellationToken cancellationToken);

    /// <summary>
    /// Lets a stream begin with the earliest event that is parked, whatever before it is missing. Nothing, if something of it was handled
    /// or given up by now.
    /// </summary>
    Task BeginAsync(StreamKey stream, CancellationToken cancellationToken);

    /// <summary>Goes on behind the event with this sequence, whatever before it is missing. Nothing, if it is there already.</summary>
    Task GiveUpAsync(StreamKey stream, int partition, long upTo, CancellationToken cancellationToken);

    /// <summary>Streams of these partitions that have something parked, and no dead letter that says so; at most <paramref name="limit"/>.</summary>
    Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(IReadOnlyCollection<TopicPartition> partitions, int limit, CancellationToken cancellationToken);

    Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken);

    /// <summary>The last message of each partition up to which everything was handled, where there is one.</summary>
    Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken);

    Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken);

    /// <summary>Whether <paramref name="exception"/> says that the store cannot be reached or is not ready: no message's fault.</summary>
    Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken);
}

/// <summary>The events of one aggregate in one topic.</summary>
internal readonly record struct StreamKey(string Topic, Guid Subject);

/// <summary>An event and the message that it came in.</summary>
internal sealed record ReceivedEvent(EventContext Context, ConsumeResult<byte[]?, byte[]?> Message)
{
    public StreamKey Stream => new(Context.Topic, Context.Subject);

    public int Partition => Message.Partition.Value;
}

internal enum InboxVerdict
{
    Handled,

    /// <summary>It was handled before, or given up.</summary>
    Duplicate,

    /// <summary>Events before it are missing.</summary>
    Parked,
}

/// <param name="Verdict">What became of the event.</param>
/// <param name="HasParked">Whether later events of the same stream are parked: it may be their turn now.</param>
internal readonly record struct InboxResult(InboxVerdict Verdict, bool HasParked);

/// <summary>A stream that has something parked, and of which no dead letter tells.</summary>
/// <param name="Key">Which one.</param>
/// <param name="Partition">Where its events are read.</param>
/// <param name="Sequence">How far it is handled; null while nothing of it is.</param>
/// <param name="First">The earliest that is parked.</param>
internal sealed record WaitingStream(StreamKey Key, int Partition, long? Sequence, ParkedMessage First)
{
    public bool IsDue => First.Sequence <= (Sequence ?? 0) + 1;
}

/// <summary>How much waits for its turn.</summary>
/// <param name="Keys">Aggregates that stand still.</param>
/// <param name="DeadKeys">Those of them that wait for an operator: there is a dead letter.</param>
/// <param name="Events">What is parked of them.</param>
internal sealed record InboxDepth(long Keys, long DeadKeys, long Events);

/// <summary>What a dead letter says about an event for which there is no more room behind the one that its aggregate waits for.</summary>
internal sealed class ParkingFullException(int limit) : Exception($"{limit} earlier events of this aggregate are parked already, and no more are kept here.");

/// <summary>What a dead letter says about an event that waited in vain for those before it.</summary>
internal sealed class MissingEventException(long? handled, long first)
    : Exception($"Event {(handled ?? 0) + 1} of this aggregate never came; event {first} and what follows wait for it.");

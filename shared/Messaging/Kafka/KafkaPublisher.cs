using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>A message for Kafka, made when its turn comes.</summary>
internal readonly record struct Outgoing(string Topic, string Key, Func<Message<byte[]?, byte[]?>> Write);

/// <summary>What Kafka said to one message. The default: it was not handed to Kafka.</summary>
internal readonly record struct PublishOutcome
{
    private PublishOutcome(int partition, long offset, Error? error) => (Tried, Partition, Offset, Error) = (true, partition, offset, error);

    public static PublishOutcome Acknowledged(int partition, long offset) => new(partition, offset, null);

    public static PublishOutcome Failed(Error error) => new(-1, -1, error);

    public bool Tried { get; }
    public int Partition { get; }
    public long Offset { get; }
    public Error? Error { get; }

    public bool Published => Tried && Error is null;

    public bool TooLarge => Error?.Code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge;

    /// <summary>The same message would be refused again.</summary>
    public bool RefusedForGood => TooLarge || Error?.Code
        is ErrorCode.InvalidRecord
        or ErrorCode.PolicyViolation
        or ErrorCode.TopicException
        or ErrorCode.Local_InvalidArg;
}

/// <summary>
/// Publishes batches with an idempotent producer: all keys side by side, each key's messages one after the other, so that none overtakes one
/// that Kafka refuses. Throws the producer away when it is of no more use: after a fatal error, as librdkafka demands, and when a batch was
/// not acknowledged in time, so that nothing of it can arrive behind its own repetition.
/// </summary>
internal sealed class KafkaPublisher(KafkaSettings settings, IOptions<MessagingOptions> options, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly Lock _lock = new();
    private IProducer<byte[]?, byte[]?>? _producer;
    private volatile bool _fatal;

    /// <summary>Larger messages are refused here already, in bytes; null: librdkafka's 1,000,000. Kafka has a limit of its own.</summary>
    public int? MaxMessageBytes { get; init; }

    /// <summary>Called with every error that is no message's own: the connection was lost, for instance.</summary>
    public Action<Error>? OnError { get; init; }

    /// <summary>
    /// Hands messages to Kafka and waits for what it says to each. Behind one that it refuses those with the same key are not tried; nor is
    /// what half of the time did not suffice for, so that a batch that is too large for a slow Kafka is published in parts.
    /// </summary>
    /// <exception cref="TimeoutException">It did not answer in time. Any of the messages may have been published or not.</exception>
    public async Task<PublishOutcome[]> PublishAsync(IReadOnlyList<Outgoing> messages, CancellationToken cancellationToken)
    {
        var producer = Producer();
        var outcomes = new PublishOutcome[messages.Count];
        var timeout = options.Value.PublishTimeout;
        using var lastCall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var halfTime = time.CreateTimer(_ => lastCall.Cancel(), null, timeout / 2, Timeout.InfiniteTimeSpan);
        var keys = Enumerable.Range(0, messages.Count).GroupBy(index => messages[index].Key);
        try
        {
            await Task.WhenAll(keys.Select(key => PublishInOrderAsync(producer, messages, key, outcomes, lastCall.Token))).WaitAsync(timeout, time, cancellationToken);
            return outcomes;
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            Discard(producer);
            if (exception is TimeoutException)
                throw new TimeoutException($"Kafka did not acknowledge a batch of {messages.Count} messages within {timeout.TotalSeconds:0} s.");
            throw;
        }
        finally
        {
            if (_fatal)
                Discard(producer);
        }
    }

    private static async Task PublishInOrderAsync(
        IProducer<byte[]?, byte[]?> producer, IReadOnlyList<Outgoing> messages, IEnumerable<int> indexes, PublishOutcome[] outcomes, CancellationToken lastCall)
    {
        foreach (var index in indexes)
        {
            if (lastCall.IsCancellationRequested)
                return;
            outcomes[index] = await Produce(producer, messages[index].Topic, messages[index].Write());
            if (!outcomes[index].Published)
                return;
        }
    }

    private static Task<PublishOutcome> Produce(IProducer<byte[]?, byte[]?> producer, string topic, Message<byte[]?, byte[]?> message)
    {
        // Not inline: the report arrives on librdkafka's own thread.
        var delivery = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            producer.Produce(topic, message, report => delivery.SetResult(
                report.Error.IsError ? PublishOutcome.Failed(report.Error) : PublishOutcome.Acknowledged(report.Partition.Value, report.Offset.Value)));
        }
        catch (KafkaException exception)
        {
            delivery.SetResult(PublishOutcome.Failed(exception.Error));
        }
        return delivery.Task;
    }

    private IProducer<byte[]?, byte[]?> Producer()
    {
        lock (_lock)
        {
            if (_producer is not null)
                return _producer;
            var config = settings.Producer();
            config.MessageMaxBytes = MaxMessageBytes;
            return _producer = new ProducerBuilder<byte[]?, byte[]?>(config)
                .SetErrorHandler((_, error) => Report(error))
                .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
                .Build();
        }
    }

    private void Report(Error error)
    {
        if (error.IsFatal)
        {
            logger.LogError("The Kafka producer failed for good and is replaced: {Reason}", error.Reason);
            _fatal = true;
        }
        OnError?.Invoke(error);
    }

    private void Discard(IProducer<byte[]?, byte[]?> producer)
    {
        lock (_lock)
        {
            if (_producer != producer)
                return;
            _producer = null;
            _fatal = false;
        }
        producer.Dispose();
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _producer?.Dispose();
            _producer = null;
        }
    }
}

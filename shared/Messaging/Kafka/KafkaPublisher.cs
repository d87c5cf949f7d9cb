using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>What Kafka said to one message.</summary>
internal readonly record struct PublishOutcome(int Partition, long Offset, Error? Error)
{
    public static PublishOutcome Failed(Error error) => new(-1, -1, error);

    public bool Published => Error is null;

    /// <summary>The same message would be refused again.</summary>
    public bool RefusedForGood => Error?.Code
        is ErrorCode.MsgSizeTooLarge
        or ErrorCode.RecordListTooLarge
        or ErrorCode.InvalidRecord
        or ErrorCode.PolicyViolation
        or ErrorCode.TopicException
        or ErrorCode.Local_InvalidArg;
}

/// <summary>
/// Publishes batches, pipelined, with an idempotent producer, and throws the producer away when it is of no more use: after a fatal error, as
/// librdkafka demands, and when a batch was not acknowledged in time, so that nothing of it can arrive behind its own repetition.
/// </summary>
internal sealed class KafkaPublisher(KafkaSettings settings, IOptions<MessagingOptions> options, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly Error BehindRefused = new(ErrorCode.Local_Application, "An earlier message with the same key was refused.");

    private readonly Lock _lock = new();
    private IProducer<byte[]?, byte[]?>? _producer;
    private volatile bool _fatal;

    /// <summary>Called with every error that is no message's own: the connection was lost, for instance.</summary>
    public Action<Error>? OnError { get; init; }

    /// <summary>Hands all messages to Kafka and waits for what it says to each. The order of messages with the same key is kept.</summary>
    /// <exception cref="TimeoutException">It did not answer in time. Any of the messages may have been published or not.</exception>
    public async Task<PublishOutcome[]> PublishAsync(
        IReadOnlyList<(string Topic, Message<byte[]?, byte[]?> Message)> messages, CancellationToken cancellationToken)
    {
        var producer = Producer();
        var deliveries = new Task<PublishOutcome>[messages.Count];
        var refusedKeys = new HashSet<string>();
        for (var index = 0; index < messages.Count; index++)
        {
            var (topic, message) = messages[index];
            deliveries[index] = refusedKeys.Count > 0 && refusedKeys.Contains(KeyOf(message))
                ? Task.FromResult(PublishOutcome.Failed(BehindRefused))
                : Produce(producer, topic, message);
            // Refused at once, by the client: what follows with the same key must wait.
            if (deliveries[index] is { IsCompleted: true, Result.Published: false })
                refusedKeys.Add(KeyOf(message));
        }
        try
        {
            return await Task.WhenAll(deliveries).WaitAsync(options.Value.PublishTimeout, time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            Discard(producer);
            if (exception is TimeoutException)
                throw new TimeoutException($"Kafka did not acknowledge a batch of {messages.Count} messages within {options.Value.PublishTimeout.TotalSeconds:0} s.");
            throw;
        }
        finally
        {
            if (_fatal)
                Discard(producer);
        }
    }

    private static string KeyOf(Message<byte[]?, byte[]?> message) => Convert.ToHexString(message.Key ?? []);

    private static Task<PublishOutcome> Produce(IProducer<byte[]?, byte[]?> producer, string topic, Message<byte[]?, byte[]?> message)
    {
        // Not inline: the report arrives on librdkafka's own thread.
        var delivery = new TaskCompletionSource<PublishOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            producer.Produce(topic, message, report => delivery.SetResult(
                report.Error.IsError ? PublishOutcome.Failed(report.Error) : new(report.Partition.Value, report.Offset.Value, null)));
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
            return _producer ??= new ProducerBuilder<byte[]?, byte[]?>(settings.Producer())
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

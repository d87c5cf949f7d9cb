using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <param name="Done">Messages that need no further attempt: acknowledged, or refused for good with the reason.</param>
/// <param name="Failure">The reason why the others have to be published again, if there are others.</param>
internal sealed record PublishedBatch(IReadOnlyList<(OutboxMessage Message, string? Error)> Done, Exception? Failure);

/// <summary>
/// Publishes batches with an idempotent producer, pipelined. Replaces the producer after a fatal error, and when a batch is not acknowledged in time, so that
/// nothing of it arrives behind its own repetition.
/// </summary>
internal sealed class KafkaPublisher(
    KafkaSettings settings, ServiceName service, IOptions<MessagingOptions> options, MessagingMetrics metrics, TimeProvider time, ILogger<KafkaPublisher> logger)
    : IDisposable
{
    private IProducer<byte[]?, byte[]?>? _producer;
    private volatile bool _failed;

    /// <summary>Publishes all messages in their order and waits for the acknowledgements.</summary>
    public async Task<PublishedBatch> PublishAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var (results, failure) = await SendAsync(messages, cancellationToken);
        var done = new List<(OutboxMessage, string?)>(messages.Count);
        foreach (var (message, result) in messages.Zip(results))
        {
            if (result is { IsError: false })
                done.Add((message, null));
            else if (result is not null && IsPermanent(result) && failure is null)
                done.Add((message, await RefusalAsync(message, messages.Count, result, cancellationToken)));
            else if (result is not null)
                failure ??= new KafkaException(result);
        }
        metrics.Published(done);
        return new(done, failure);
    }

    /// <summary>Publishes one raw message, for dead letters.</summary>
    /// <exception cref="KafkaException">Kafka refuses it, or cannot be reached.</exception>
    public async Task PublishAsync(string topic, Message<byte[]?, byte[]?> message, CancellationToken cancellationToken)
    {
        var producer = Producer();
        try
        {
            await producer.ProduceAsync(topic, message, cancellationToken).WaitAsync(options.Value.PublishTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            Discard();
            throw new KafkaException(ErrorCode.Local_TimedOut);
        }
    }

    /// <summary>Kafka refuses a whole request because of one message. Alone, each message shows whether it is the one.</summary>
    /// <returns>Null if the message is published now.</returns>
    private async Task<string?> RefusalAsync(OutboxMessage message, int batchSize, Error refusal, CancellationToken cancellationToken)
    {
        if (batchSize == 1)
            return refusal.Reason;
        try
        {
            await PublishAsync(message.Topic, CloudEvents.Write(message, service.Source, message.Origin.TraceParent), cancellationToken);
            return null;
        }
        catch (KafkaException exception) when (IsPermanent(exception.Error))
        {
            return exception.Error.Reason;
        }
    }

    private async Task<(Error?[] Results, Exception? Failure)> SendAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var producer = Producer();
        var results = new Error?[messages.Count];
        var spans = new Activity?[messages.Count];
        var open = messages.Count;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        void Complete(int index, Error error)
        {
            results[index] = error;
            if (error.IsError)
                spans[index].Fail(error.Reason);
            spans[index]?.Dispose();
            if (Interlocked.Decrement(ref open) == 0)
                all.SetResult();
        }

        for (var i = 0; i < messages.Count; i++)
        {
            var index = i;
            spans[index] = MessagingTelemetry.StartPublish(messages[index]);
            var message = CloudEvents.Write(messages[index], service.Source, spans[index]?.Id ?? messages[index].Origin.TraceParent);
            try
            {
                producer.Produce(messages[index].Topic, message, report => Complete(index, report.Error));
            }
            catch (KafkaException exception)
            {
                Complete(index, exception.Error);
            }
        }

        try
        {
            await all.Task.WaitAsync(options.Value.PublishTimeout, time, cancellationToken);
            return (results, null);
        }
        catch (TimeoutException)
        {
            Discard();
            return ([.. results], new TimeoutException($"Kafka did not acknowledge a batch of {messages.Count} messages within {options.Value.PublishTimeout}."));
        }
        finally
        {
            if (_failed)
                Discard();
        }
    }

    /// <summary>Returns whether Kafka would refuse the same message again.</summary>
    private static bool IsPermanent(Error error) =>
        error.Code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord or ErrorCode.PolicyViolation
            or ErrorCode.TopicException or ErrorCode.Local_InvalidArg;

    private IProducer<byte[]?, byte[]?> Producer()
    {
        if (_producer is not null)
            return _producer;
        var config = settings.Producer();
        // Kafka decides about the size of a message; librdkafka's own limit would be a second one.
        config.MessageMaxBytes = options.Value.MaxDeadLetterBytes;
        return _producer = new ProducerBuilder<byte[]?, byte[]?>(config)
            .SetErrorHandler((_, error) => OnError(error))
            .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
            .Build();
    }

    private void OnError(Error error)
    {
        if (!error.IsFatal)
            return;
        logger.LogError("The Kafka producer failed and is replaced: {Reason}", error.Reason);
        _failed = true;
    }

    private void Discard()
    {
        _producer?.Dispose();
        (_producer, _failed) = (null, false);
    }

    public void Dispose() => Discard();
}

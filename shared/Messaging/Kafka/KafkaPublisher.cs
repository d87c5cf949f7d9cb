using System.Diagnostics.CodeAnalysis;

namespace ForgeShop.Messaging;

/// <summary>
/// Publishes batches with an idempotent producer, pipelined. Replaces the producer after a fatal error, and when a batch is not
/// acknowledged in time, so that nothing of it arrives behind its own repetition.
/// </summary>
internal sealed class KafkaPublisher(
    KafkaSettings settings, MessagingModel model, IOptions<MessagingOptions> options, TimeProvider time, ILogger<KafkaPublisher> logger)
    : IDisposable
{
    private IProducer<byte[]?, byte[]?>? _producer;
    private volatile bool _failed;

    /// <summary>Publishes all messages in their order and waits for the acknowledgements.</summary>
    /// <returns>
    /// The messages that need no further attempt: acknowledged, or refused for good with the reason. And the reason why the others have to
    /// be published again, if there are others.
    /// </returns>
    public async Task<(List<(OutboxMessage Message, string? Error)> Done, Exception? Failure)> PublishAsync(
        IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var results = await SendAsync(messages, cancellationToken);
        var done = new List<(OutboxMessage, string?)>(messages.Count);
        Exception? failure = results.Contains(null)
            ? new TimeoutException($"Kafka did not acknowledge a batch of {messages.Count} messages within {options.Value.PublishTimeout}.")
            : null;
        foreach (var (message, first) in messages.Zip(results))
        {
            var result = first;
            // Kafka refuses a whole request because of one message. Alone, each message shows whether it is the one.
            if (failure is null && messages.Count > 1 && IsPermanent(result))
                result = (await SendAsync([message], cancellationToken))[0];
            if (result is { IsError: false } || IsPermanent(result))
                done.Add((message, result.IsError ? result.Reason : null));
            else
                failure ??= new KafkaException(result ?? new Error(ErrorCode.Local_TimedOut));
        }
        return (done, failure);
    }

    /// <returns>A result for each message; null for one that is not acknowledged in time.</returns>
    private async Task<Error?[]> SendAsync(IReadOnlyList<OutboxMessage> messages, CancellationToken cancellationToken)
    {
        var producer = _producer ??= Create();
        var sent = messages.Select(message => SendAsync(producer, message)).ToList();
        try
        {
            await Task.WhenAll(sent).WaitAsync(options.Value.PublishTimeout, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _failed = true;
        }
        finally
        {
            if (_failed)
                Dispose();
        }
        return [.. sent.Select(one => one.IsCompletedSuccessfully ? one.Result : null)];
    }

    /// <summary>Hands a message to the producer at once, so that the order of the calls is that of the log.</summary>
    private async Task<Error> SendAsync(IProducer<byte[]?, byte[]?> producer, OutboxMessage message)
    {
        var span = MessagingTelemetry.StartPublish(message);
        try
        {
            await producer.ProduceAsync(message.Topic, CloudEvents.Write(message, model.Source, message.Origin.Under(span)));
            span.End(error: null);
            return new(ErrorCode.NoError);
        }
        catch (KafkaException exception)
        {
            span.End(exception.Error.Reason);
            return exception.Error;
        }
    }

    /// <summary>Returns whether Kafka would refuse the same message again.</summary>
    private static bool IsPermanent([NotNullWhen(true)] Error? error) =>
        error?.Code is ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord or ErrorCode.PolicyViolation
            or ErrorCode.TopicException or ErrorCode.Local_InvalidArg;

    private IProducer<byte[]?, byte[]?> Create() => new ProducerBuilder<byte[]?, byte[]?>(settings.Producer())
        .SetErrorHandler((_, error) => _failed |= error.IsFatal)
        .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message))
        .Build();

    public void Dispose()
    {
        _producer?.Dispose();
        (_producer, _failed) = (null, false);
    }
}

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
    /// The messages that need no further attempt, acknowledged or refused for good with the reason; and the reason why the others have to be
    /// published again, if there are others.
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
        var (results, spans) = (new Error?[messages.Count], new Activity?[messages.Count]);
        var (open, all) = (messages.Count, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        void Complete(int index, Error error)
        {
            results[index] = error;
            spans[index].End(error.IsError ? error.Reason : null);
            if (Interlocked.Decrement(ref open) == 0)
                all.SetResult();
        }

        for (var i = 0; i < messages.Count; i++)
        {
            var (index, message) = (i, messages[i]);
            spans[i] = MessagingTelemetry.StartPublish(message);
            try
            {
                var record = CloudEvents.Write(message, model.Source, message.Origin.Under(spans[i]));
                producer.Produce(message.Topic, record, report => Complete(index, report.Error));
            }
            catch (KafkaException exception)
            {
                Complete(index, exception.Error);
            }
        }

        try
        {
            await all.Task.WaitAsync(options.Value.PublishTimeout, time, cancellationToken);
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
        return [.. results];
    }

    /// <summary>Returns whether Kafka would refuse the same message again.</summary>
    private static bool IsPermanent([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] Error? error) =>
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

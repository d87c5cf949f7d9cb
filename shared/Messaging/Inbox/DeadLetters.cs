namespace ForgeShop.Messaging;

/// <summary>Writes messages that cannot be handled to the dead-letter topic, with the error and the position.</summary>
internal sealed class DeadLetters(
    KafkaSettings settings, MessagingModel model, IOptions<MessagingOptions> options, MessagingMetrics metrics, TimeProvider time,
    ILogger<DeadLetters> logger)
    : IDisposable
{
    private const int MaxHeaderLength = 1000;

    private readonly Lazy<IProducer<byte[]?, byte[]?>> _producer = new(() => new ProducerBuilder<byte[]?, byte[]?>(settings.Producer())
        .SetLogHandler((_, line) => logger.LogDebug("{Facility}: {Message}", line.Facility, line.Message)).Build());

    /// <summary>Returns when Kafka has acknowledged the letter: to go on without it would lose the message.</summary>
    public async Task AddAsync(KafkaMessage consumed, Exception error, int attempts, CancellationToken cancellationToken)
    {
        var letter = Write(consumed, error, attempts, withValue: true);
        for (var failures = 1; ; failures++)
        {
            try
            {
                await _producer.Value.ProduceAsync(Topics.DeadLetters(consumed.Topic), letter, cancellationToken);
                break;
            }
            catch (KafkaException exception)
            {
                // The message stays in its topic, and the letter names the position.
                if (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
                    letter = Write(consumed, error, attempts, withValue: false);
                var delay = Backoff.After(failures, options.Value.MinBackoff, options.Value.MaxBackoff);
                logger.LogWarning("Dead-lettering {Place} failed (attempt {Attempt}): {Reason}; retrying in {Delay}",
                    consumed.TopicPartitionOffset, failures, exception.Error.Reason, delay);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
        metrics.DeadLettered(consumed.Topic, error);
        logger.LogError(error, "Dead-lettered {Place} after {Attempts} attempts", consumed.TopicPartitionOffset, attempts);
    }

    /// <summary>Writes the letter; without the value it has no part of the message that is longer than a header may be.</summary>
    private Message<byte[]?, byte[]?> Write(KafkaMessage consumed, Exception error, int attempts, bool withValue)
    {
        var (message, headers) = (consumed.Message, new Headers());
        bool Fits(byte[]? bytes) => withValue || bytes?.Length <= MaxHeaderLength;
        foreach (var header in message.Headers ?? [])
        {
            if (!header.Key.StartsWith(DeadLetterHeaders.Prefix, StringComparison.Ordinal) && Fits(header.GetValueBytes()))
                headers.Add(header.Key, header.GetValueBytes());
        }
        headers.AddTexts(
            (DeadLetterHeaders.Topic, consumed.Topic),
            (DeadLetterHeaders.Partition, $"{consumed.Partition.Value}"),
            (DeadLetterHeaders.Offset, $"{consumed.Offset.Value}"),
            (DeadLetterHeaders.Group, model.Service),
            (DeadLetterHeaders.Time, $"{time.GetUtcNow().UtcDateTime:O}"),
            (DeadLetterHeaders.Attempts, $"{attempts}"),
            (DeadLetterHeaders.ErrorType, Shorten(error.GetType().FullName ?? error.GetType().Name)),
            (DeadLetterHeaders.Error, Shorten(error.Message)),
            (DeadLetterHeaders.OmittedBytes, withValue || message.Value is null ? null : $"{message.Value.Length}"));
        return new() { Key = Fits(message.Key) ? message.Key : null, Value = withValue ? message.Value : null, Headers = headers };
    }

    private static string Shorten(string text) => text.Length <= MaxHeaderLength ? text : text[..MaxHeaderLength];

    public void Dispose()
    {
        if (_producer.IsValueCreated)
            _producer.Value.Dispose();
    }
}

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

    /// <summary>
    /// Returns when Kafka has acknowledged the letter. Until then the consumer waits: going on without it would lose the message.
    /// </summary>
    public async Task AddAsync(KafkaMessage consumed, Exception error, int attempts, CancellationToken cancellationToken)
    {
        var letter = Write(consumed, error, attempts);
        for (var failures = 1; ; failures++)
        {
            try
            {
                await _producer.Value.ProduceAsync(Topics.DeadLetters(consumed.Topic), letter, cancellationToken);
                break;
            }
            catch (KafkaException exception)
            {
                if (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
                    letter = WithoutValue(letter);
                var delay = Backoff.After(failures, options.Value.MinBackoff, options.Value.MaxBackoff);
                logger.LogWarning("Dead-lettering {Place} failed (attempt {Attempt}): {Reason}; retrying in {Delay}",
                    consumed.TopicPartitionOffset, failures, exception.Error.Reason, delay);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
        metrics.DeadLettered(consumed.Topic, error);
        logger.LogError(error, "Dead-lettered {Place} after {Attempts} attempts", consumed.TopicPartitionOffset, attempts);
    }

    private Message<byte[]?, byte[]?> Write(KafkaMessage consumed, Exception error, int attempts)
    {
        var headers = new Headers();
        foreach (var header in (consumed.Message.Headers ?? [])
            .Where(header => !header.Key.StartsWith(DeadLetterHeaders.Prefix, StringComparison.Ordinal)))
            headers.Add(header.Key, header.GetValueBytes());
        foreach (var (name, value) in new (string, string)[]
        {
            (DeadLetterHeaders.Topic, consumed.Topic),
            (DeadLetterHeaders.Partition, $"{consumed.Partition.Value}"),
            (DeadLetterHeaders.Offset, $"{consumed.Offset.Value}"),
            (DeadLetterHeaders.Group, model.Service),
            (DeadLetterHeaders.Time, time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
            (DeadLetterHeaders.Attempts, $"{attempts}"),
            (DeadLetterHeaders.ErrorType, error.GetType().FullName ?? error.GetType().Name),
            (DeadLetterHeaders.Error, error.Message),
        })
            headers.Add(name, Encoding.UTF8.GetBytes(value.Length <= MaxHeaderLength ? value : value[..MaxHeaderLength]));
        return new() { Key = consumed.Message.Key, Value = consumed.Message.Value, Headers = headers };
    }

    /// <summary>The message stays in its topic, and the letter names the position.</summary>
    private static Message<byte[]?, byte[]?> WithoutValue(Message<byte[]?, byte[]?> letter)
    {
        var headers = new Headers();
        foreach (var header in letter.Headers.Where(header => header.GetValueBytes()?.Length <= MaxHeaderLength))
            headers.Add(header.Key, header.GetValueBytes());
        if (letter.Value is { } value)
            headers.Add(DeadLetterHeaders.OmittedBytes, Encoding.UTF8.GetBytes($"{value.Length}"));
        return new() { Key = letter.Key?.Length <= MaxHeaderLength ? letter.Key : null, Headers = headers };
    }

    public void Dispose()
    {
        if (_producer.IsValueCreated)
            _producer.Value.Dispose();
    }
}

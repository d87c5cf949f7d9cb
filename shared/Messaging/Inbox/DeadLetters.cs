using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging.Kafka;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging;

/// <summary>The headers of a dead letter besides those of its message. <c>forge dlq</c> reads the same names.</summary>
public static class DeadLetterHeaders
{
    public const string Prefix = "dlq_";
    public const string Topic = "dlq_topic";
    public const string Partition = "dlq_partition";
    public const string Offset = "dlq_offset";

    /// <summary>The consumer group that could not handle the message. On a copy that an operator retries: the only group that handles it.</summary>
    public const string Group = "dlq_group";

    public const string Time = "dlq_time";
    public const string Attempts = "dlq_attempts";
    public const string ErrorType = "dlq_error_type";
    public const string Error = "dlq_error";

    /// <summary>The size of the value in bytes, where the letter omits it because it is too large.</summary>
    public const string OmittedBytes = "dlq_omitted_bytes";
}

/// <summary>Writes messages that cannot be handled to the dead-letter topic, with the error and the position.</summary>
internal sealed partial class DeadLetters(
    KafkaPublisher publisher, ServiceName service, IOptions<MessagingOptions> options, MessagingMetrics metrics, TimeProvider time, ILogger<DeadLetters> logger)
{
    private const int MaxErrorLength = 1000;

    /// <summary>Returns when Kafka has acknowledged the letter. Until then the partition waits: going on without it would lose the message.</summary>
    public async Task AddAsync(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts, CancellationToken cancellationToken)
    {
        var topic = Topics.DeadLetters(consumed.Topic);
        var letter = Write(consumed, error, attempts);
        for (var failures = 1; ; failures++)
        {
            try
            {
                await publisher.PublishAsync(topic, letter, cancellationToken);
                break;
            }
            catch (KafkaException exception)
            {
                if (exception.Error.Code == ErrorCode.MsgSizeTooLarge)
                    letter = WithoutValue(letter);
                var delay = Backoff.After(failures, options.Value.MinBackoff, options.Value.MaxBackoff);
                LogRetry(topic, failures, exception.Error.Reason, delay);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
        metrics.DeadLettered(consumed.Topic, error);
        LogDeadLettered(consumed.Topic, consumed.Partition.Value, consumed.Offset.Value, attempts, error);
    }

    private Message<byte[]?, byte[]?> Write(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts)
    {
        var headers = new Headers();
        foreach (var header in (consumed.Message.Headers ?? []).Where(header => !header.Key.StartsWith(DeadLetterHeaders.Prefix, StringComparison.Ordinal)))
            headers.Add(header.Key, header.GetValueBytes());
        void Add(string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value.Length <= MaxErrorLength ? value : value[..MaxErrorLength]));
        Add(DeadLetterHeaders.Topic, consumed.Topic);
        Add(DeadLetterHeaders.Partition, consumed.Partition.Value.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Offset, consumed.Offset.Value.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Group, service.Value);
        Add(DeadLetterHeaders.Time, time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Attempts, attempts.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.ErrorType, error.GetType().FullName ?? error.GetType().Name);
        Add(DeadLetterHeaders.Error, error.Message);
        return new() { Key = consumed.Message.Key, Value = consumed.Message.Value, Headers = headers };
    }

    /// <summary>The message stays in its topic, and the letter names the position.</summary>
    private static Message<byte[]?, byte[]?> WithoutValue(Message<byte[]?, byte[]?> letter)
    {
        var headers = new Headers();
        foreach (var header in letter.Headers.Where(header => header.GetValueBytes()?.Length <= MaxErrorLength))
            headers.Add(header.Key, header.GetValueBytes());
        if (letter.Value is { } value)
            headers.Add(DeadLetterHeaders.OmittedBytes, Encoding.UTF8.GetBytes(value.Length.ToString(CultureInfo.InvariantCulture)));
        return new() { Key = letter.Key?.Length <= MaxErrorLength ? letter.Key : null, Headers = headers };
    }

    [LoggerMessage(LogLevel.Warning, "Writing a dead letter to {Topic} failed (attempt {Attempt}): {Reason}; retrying in {Delay}")]
    private partial void LogRetry(string topic, int attempt, string reason, TimeSpan delay);

    [LoggerMessage(LogLevel.Error, "Dead-lettered message {Offset} of {Topic}, partition {Partition}, after {Attempts} attempts")]
    private partial void LogDeadLettered(string topic, int partition, long offset, int attempts, Exception exception);
}

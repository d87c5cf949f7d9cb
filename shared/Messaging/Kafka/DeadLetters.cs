using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>Puts what could not be handled into the topic's dead letters: the message as it was, why, and where it came from.</summary>
internal sealed class DeadLetters(
    KafkaSettings kafka, IOptions<MessagingOptions> options, ServiceName service, MessagingMetrics metrics, TimeProvider time, ILogger<DeadLetters> logger) : IDisposable
{
    private const int MaximumErrorLength = 1000;

    // Of a message that is too large for a letter: what may be of use and costs little. With our own headers it is less than the least
    // MaxDeadLetterBytes, whatever the message is like.
    private const int MaximumKeptBytes = 4096;
    private const int HeaderLengthBytes = 10;

    private readonly KafkaPublisher _publisher = new(kafka, options, time, logger) { MaxMessageBytes = options.Value.MaxDeadLetterBytes };

    /// <summary>Returns once Kafka has it; without its value if that makes it too large.</summary>
    public async Task AddAsync(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts, CancellationToken cancellationToken)
    {
        var letter = Write(consumed, error, attempts);
        for (var failures = 1; ; failures++)
        {
            try
            {
                var outcomes = await _publisher.PublishAsync([new(Topics.DeadLetters(consumed.Topic), "", () => letter)], cancellationToken);
                if (outcomes[0].Error is not { } refusal)
                    break;
                // Only for this reason: what a policy refuses, for instance, is whole once somebody has mended that.
                if (outcomes[0].TooLarge)
                    letter = Shorten(letter);
                throw new KafkaException(refusal);
            }
            catch (Exception exception) when (exception is KafkaException or TimeoutException)
            {
                // Skipping the message without a dead letter would lose it: its key waits as long as this takes.
                var pause = Backoff.After(failures, options.Value.MinBackoff, options.Value.MaxBackoff);
                logger.LogWarning(exception, "A dead letter could not be stored in {Topic}; next attempt in {Pause}", Topics.DeadLetters(consumed.Topic), pause);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
        metrics.DeadLettered(consumed.Topic, DeadLetterHeaders.CauseOf(error));
        logger.LogError(error, "Message {Offset} of {Topic}, partition {Partition}, went to the dead letters after {Attempts} attempts",
            consumed.Offset.Value, consumed.Topic, consumed.Partition.Value, attempts);
    }

    private Message<byte[]?, byte[]?> Write(ConsumeResult<byte[]?, byte[]?> consumed, Exception error, int attempts)
    {
        var headers = new Headers();
        // Those of an earlier dead letter do not come along: this one is about the copy that an operator published.
        foreach (var header in (consumed.Message.Headers ?? []).Where(header => !IsOurs(header)))
            headers.Add(header.Key, header.GetValueBytes());
        void Add(string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));
        Add(DeadLetterHeaders.Topic, consumed.Topic);
        Add(DeadLetterHeaders.Partition, consumed.Partition.Value.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Offset, consumed.Offset.Value.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Group, service.Value);
        Add(DeadLetterHeaders.Time, time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Attempts, attempts.ToString(CultureInfo.InvariantCulture));
        Add(DeadLetterHeaders.Cause, DeadLetterHeaders.CauseOf(error));
        Add(DeadLetterHeaders.ErrorType, Cut(error.GetType().FullName ?? error.GetType().Name));
        Add(DeadLetterHeaders.Error, Cut(error.Message));
        return new() { Key = consumed.Message.Key, Value = consumed.Message.Value, Headers = headers };
    }

    /// <summary>The message stays where it is, and the letter says where that is.</summary>
    private static Message<byte[]?, byte[]?> Shorten(Message<byte[]?, byte[]?> letter)
    {
        var (headers, room) = (new Headers(), MaximumKeptBytes);
        bool Fits(int size)
        {
            var fits = size <= room;
            room -= fits ? size : 0;
            return fits;
        }

        var key = Fits(Size(letter.Key)) ? letter.Key : null;
        // The attributes first: without them it could not be skipped.
        foreach (var header in letter.Headers.Where(header => !IsOurs(header)).OrderByDescending(CloudEvents.IsAttribute))
        {
            if (Fits(Encoding.UTF8.GetByteCount(header.Key) + Size(header.GetValueBytes()) + HeaderLengthBytes))
                headers.Add(header.Key, header.GetValueBytes());
        }
        foreach (var header in letter.Headers.Where(IsOurs))
            headers.Add(header.Key, header.GetValueBytes());
        if (!letter.Headers.TryGetLastBytes(DeadLetterHeaders.OmittedBytes, out _))
            headers.Add(DeadLetterHeaders.OmittedBytes, Encoding.UTF8.GetBytes(Size(letter.Value).ToString(CultureInfo.InvariantCulture)));
        return new() { Key = key, Headers = headers };
    }

    private static string Cut(string text) => text.Length <= MaximumErrorLength ? text : text[..MaximumErrorLength];

    private static int Size(byte[]? bytes) => bytes?.Length ?? 0;

    private static bool IsOurs(IHeader header) => header.Key.StartsWith(DeadLetterHeaders.Prefix, StringComparison.Ordinal);

    public void Dispose() => _publisher.Dispose();
}

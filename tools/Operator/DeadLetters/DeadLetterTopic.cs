using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Operator.DeadLetters;

/// <summary>
/// The dead letters of one topic. Letters are not deleted: a note in the dead-letter topic records each settlement. All operators see it,
/// and it has the same retention as the letter.
/// </summary>
internal sealed class DeadLetterTopic
{
    private const string Suffix = ".dlq";

    // The broker limits the size of a message, so the client's own limit is set above it.
    private const int MaxMessageBytes = 100_000_000;

    private readonly string _kafka;
    private readonly TimeProvider _time;

    /// <param name="kafka">The address of Kafka.</param>
    /// <param name="topic">The topic, or its dead-letter topic.</param>
    /// <param name="time">The clock for the notes.</param>
    /// <exception cref="OperatorException">The topic does not exist, or Kafka does not answer.</exception>
    public DeadLetterTopic(string kafka, string topic, TimeProvider time)
    {
        (_kafka, _time) = (kafka, time);
        Name = topic.EndsWith(Suffix, StringComparison.Ordinal) ? topic[..^Suffix.Length] : topic;
        var known = KafkaTopics.Names(kafka);
        if (!known.Contains(Name))
        {
            var others = known.Where(other => !other.EndsWith(Suffix, StringComparison.Ordinal) && !other.StartsWith('_'))
                .Order(StringComparer.Ordinal);
            throw new OperatorException($"topic '{topic}' does not exist; the topics are {string.Join(", ", others)}");
        }
    }

    /// <summary>The topic of the messages.</summary>
    public string Name { get; }

    /// <summary>Returns the last letter of each message and group, by time.</summary>
    public List<DeadLetter> Read(CancellationToken cancellationToken)
    {
        var messages = KafkaTopics.Read(_kafka, [Topics.DeadLetters(Name)], long.MaxValue, cancellationToken);
        var notes = messages.Where(message => KafkaTopics.Header(message.Message, DeadLetterHeaders.Settles) is not null)
            .GroupBy(message => KafkaTopics.Header(message.Message, DeadLetterHeaders.Settles)!)
            .ToDictionary(notes => notes.Key, notes => Settlement(notes.First().Message));
        return
        [
            .. messages.Where(message => KafkaTopics.Header(message.Message, DeadLetterHeaders.Settles) is null
                    && KafkaTopics.Header(message.Message, DeadLetterHeaders.Group) is not null)
                .Select(message => new DeadLetter(message.TopicPartitionOffset, message.Message))
                .GroupBy(letter => (letter.Id, letter.Group))
                .Select(letters => letters.MaxBy(letter => letter.Position.Offset.Value)!)
                .Select(letter => letter with { Settlement = notes.GetValueOrDefault(letter.Place) })
                .OrderBy(letter => letter.Time, StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Publishes the message to its topic again, for the letter's group only, and writes a note. After an interruption in between, a second
    /// retry publishes another copy, which the inbox drops.
    /// </summary>
    /// <returns>Whether the message still exists.</returns>
    public async Task<bool> RetryAsync(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (Original(letter, cancellationToken) is not { } original)
            return false;
        var copy = new Message<byte[]?, byte[]?> { Key = original.Key, Value = original.Value, Headers = [] };
        foreach (var header in original.Headers.Where(header => !header.Key.StartsWith(DeadLetterHeaders.Prefix, StringComparison.Ordinal)))
            copy.Headers.Add(header.Key, header.GetValueBytes());
        copy.Headers.Add(DeadLetterHeaders.Group, Encoding.UTF8.GetBytes(letter.Group));
        using var producer = Producer();
        await ProduceAsync(producer, new TopicPartition(Name, Partition.Any), copy, cancellationToken);
        await ProduceAsync(producer, letter.Position.TopicPartition, Note(letter, "retried", null), cancellationToken);
        return true;
    }

    /// <summary>Writes a note that the message is discarded.</summary>
    public async Task DiscardAsync(DeadLetter letter, string reason, CancellationToken cancellationToken)
    {
        using var producer = Producer();
        await ProduceAsync(producer, letter.Position.TopicPartition, Note(letter, "discarded", reason), cancellationToken);
    }

    /// <summary>
    /// Returns the message of a letter, from its topic if the letter omits the value; null if the topic no longer has it.
    /// </summary>
    private Message<byte[]?, byte[]?>? Original(DeadLetter letter, CancellationToken cancellationToken)
    {
        if (!letter.IsOmitted)
            return letter.Message;
        var original = letter.Origin is { } origin ? KafkaTopics.ReadAt(_kafka, origin, cancellationToken) : null;
        // The topic may have been deleted and created again.
        return original is not null && KafkaTopics.Header(original, "ce_id") == KafkaTopics.Header(letter.Message, "ce_id")
            ? original
            : null;
    }

    private Message<byte[]?, byte[]?> Note(DeadLetter letter, string action, string? reason)
    {
        var headers = new Headers
        {
            { DeadLetterHeaders.Settles, Encoding.UTF8.GetBytes(letter.Place) },
            { DeadLetterHeaders.Action, Encoding.UTF8.GetBytes(action) },
            { DeadLetterHeaders.Time, Encoding.UTF8.GetBytes(_time.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture)) },
        };
        if (reason is not null)
            headers.Add(DeadLetterHeaders.Reason, Encoding.UTF8.GetBytes(reason));
        return new() { Key = letter.Message.Key, Headers = headers };
    }

    private static Settlement Settlement(Message<byte[]?, byte[]?> note) => new(
        KafkaTopics.Header(note, DeadLetterHeaders.Action) ?? "settled",
        DeadLetter.FormatTime(KafkaTopics.Header(note, DeadLetterHeaders.Time)),
        KafkaTopics.Header(note, DeadLetterHeaders.Reason));

    private IProducer<byte[]?, byte[]?> Producer() => new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
    {
        BootstrapServers = _kafka,
        EnableIdempotence = true,
        // Like the relay: the copy goes to the partition of its key.
        Partitioner = Partitioner.Murmur2Random,
        MessageTimeoutMs = (int)KafkaTopics.Timeout.TotalMilliseconds,
        LingerMs = 0,
        MessageMaxBytes = MaxMessageBytes,
    }).SetLogHandler((_, _) => { }).Build();

    private static async Task ProduceAsync(
        IProducer<byte[]?, byte[]?> producer, TopicPartition partition, Message<byte[]?, byte[]?> message,
        CancellationToken cancellationToken)
    {
        try
        {
            await producer.ProduceAsync(partition, message, cancellationToken);
        }
        catch (ProduceException<byte[]?, byte[]?> exception)
        {
            throw new OperatorException($"Kafka refuses the message: {exception.Error.Reason}");
        }
    }
}

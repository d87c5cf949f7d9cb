using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Operator.DeadLetters;

/// <summary>
/// The dead letters of one topic. Nothing is ever deleted: what an operator dealt with is noted in the dead-letter topic itself, behind the
/// letter, so that every operator sees the same and the notes live as long as the letters.
/// </summary>
public sealed class DeadLetterTopic
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // The most that Messaging:MaxDeadLetterBytes allows: whether a message is too large is for Kafka to say, and not for librdkafka's 1,000,000.
    private const int MaxMessageBytes = 100_000_000;

    private readonly string _kafka;
    private readonly string _letters;

    private DeadLetterTopic(string kafka, string topic) => (_kafka, Name, _letters) = (kafka, topic, Topics.DeadLetters(topic));

    /// <summary>The topic whose messages became dead letters.</summary>
    public string Name { get; }

    /// <param name="kafka">Where Kafka is.</param>
    /// <param name="topic">The topic, or its dead-letter topic.</param>
    /// <exception cref="OperatorException">There is no such topic, or no Kafka.</exception>
    public static DeadLetterTopic Open(string kafka, string topic)
    {
        const string suffix = ".dlq";
        var name = topic.EndsWith(suffix, StringComparison.Ordinal) ? topic[..^suffix.Length] : topic;
        var known = TopicNames(kafka);
        if (!known.Contains(name))
            throw new OperatorException($"there is no topic '{name}'; there are {string.Join(", ", known.Where(other => !other.EndsWith(suffix, StringComparison.Ordinal) && !other.StartsWith('_')).Order())}");
        return new(kafka, name);
    }

    /// <summary>The letters that nobody has dealt with, of each event and group the last: the aggregates by time, the letters of each by their sequence.</summary>
    public IReadOnlyList<DeadLetter> Open(CancellationToken cancellationToken) =>
    [
        .. All(cancellationToken).Where(letter => !letter.IsSettled).Select(letter => letter.Letter)
            .GroupBy(letter => letter.Subject)
            .OrderBy(aggregate => aggregate.Min(letter => letter.Time), StringComparer.Ordinal)
            .SelectMany(aggregate => aggregate.OrderBy(letter => letter.Sequence)),
    ];

    /// <summary>Of each event and group the last letter, and whether an operator has dealt with it.</summary>
    public IReadOnlyList<(DeadLetter Letter, bool IsSettled)> All(CancellationToken cancellationToken)
    {
        if (!TopicNames(_kafka).Contains(_letters))
            return [];
        var messages = Read(cancellationToken);
        var settled = messages.Select(message => DeadLetter.Text(message.Message, DeadLetter.SettlesHeader)).OfType<string>().ToHashSet();
        return
        [
            .. messages
                .Where(message => DeadLetter.Text(message.Message, DeadLetter.SettlesHeader) is null)
                .Select(message => new DeadLetter(message.TopicPartitionOffset, message.Message))
                .GroupBy(letter => letter.Identity)
                .Select(letters => letters.MaxBy(letter => letter.Position.Offset.Value)!)
                .Select(letter => (letter, settled.Contains(letter.Place))),
        ];
    }

    /// <summary>
    /// Publishes the message to its topic again, once, however many groups gave it up, and notes that their letters are dealt with.
    /// Interrupted in between, both may be done again: consumers drop the second copy. One of the letters at least is whole.
    /// </summary>
    public Task RetryAsync(IReadOnlyCollection<DeadLetter> lettersOfOneMessage, CancellationToken cancellationToken) => ProduceAsync(
        async producer =>
        {
            await producer.ProduceAsync(Name, lettersOfOneMessage.First(letter => !letter.IsShortened).Original(), cancellationToken);
            foreach (var letter in lettersOfOneMessage)
                await NoteAsync(producer, letter, "retry", cancellationToken);
        });

    /// <summary>
    /// Publishes the message with the word to the letter's group that it may go on without it. What is no event, and what others of its aggregate
    /// wait before, holds nobody up: that is only noted.
    /// </summary>
    public Task SkipAsync(DeadLetter letter, CancellationToken cancellationToken) => ProduceAsync(
        async producer =>
        {
            if (letter is { IsEvent: true, FoundNoRoom: false })
                await producer.ProduceAsync(Name, letter.Skipping(), cancellationToken);
            await NoteAsync(producer, letter, "skip", cancellationToken);
        });

    private async Task ProduceAsync(Func<IProducer<byte[]?, byte[]?>, Task> produce)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = _kafka,
            EnableIdempotence = true,
            // As the services' relays do it: the copy goes where the key's other messages are.
            Partitioner = Partitioner.Murmur2Random,
            MessageTimeoutMs = (int)Patience.TotalMilliseconds,
            LingerMs = 0,
            MessageMaxBytes = MaxMessageBytes,
        }).SetLogHandler((_, _) => { }).Build();
        try
        {
            await produce(producer);
        }
        catch (ProduceException<byte[]?, byte[]?> exception)
        {
            throw new OperatorException($"Kafka did not take the message: {exception.Error.Reason}");
        }
    }

    private Task NoteAsync(IProducer<byte[]?, byte[]?> producer, DeadLetter letter, string action, CancellationToken cancellationToken)
    {
        var headers = new Headers
        {
            { DeadLetter.SettlesHeader, Encoding.UTF8.GetBytes(letter.Place) },
            { "dlq_action", Encoding.UTF8.GetBytes(action) },
            { "dlq_time", Encoding.UTF8.GetBytes(TimeProvider.System.GetUtcNow().UtcDateTime.ToString("O", CultureInfo.InvariantCulture)) },
        };
        return producer.ProduceAsync(new TopicPartition(_letters, letter.Position.Partition), new() { Key = letter.Message.Key, Headers = headers }, cancellationToken);
    }

    private List<ConsumeResult<byte[]?, byte[]?>> Read(CancellationToken cancellationToken)
    {
        var config = new ConsumerConfig { BootstrapServers = _kafka, GroupId = "forge-dlq", EnableAutoCommit = false, EnableAutoOffsetStore = false, EnablePartitionEof = true };
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        // By name and not by number: a partition that is still written to comes to its end more than once.
        var open = admin.GetMetadata(_letters, Patience).Topics.Single().Partitions.Select(partition => new TopicPartition(_letters, partition.PartitionId)).ToHashSet();
        consumer.Assign(open.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        var messages = new List<ConsumeResult<byte[]?, byte[]?>>();
        try
        {
            while (open.Count > 0)
            {
                var message = consumer.Consume(patience.Token);
                if (message.IsPartitionEOF)
                    open.Remove(message.TopicPartition);
                else
                    messages.Add(message);
            }
            return messages;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException($"Kafka did not return {_letters} within {Patience.TotalSeconds:0} s");
        }
    }

    private static HashSet<string> TopicNames(string kafka)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka }).SetLogHandler((_, _) => { }).Build();
        try
        {
            return [.. admin.GetMetadata(Patience).Topics.Select(topic => topic.Topic)];
        }
        catch (KafkaException exception)
        {
            throw new OperatorException($"Kafka does not answer: {exception.Error.Reason}");
        }
    }
}

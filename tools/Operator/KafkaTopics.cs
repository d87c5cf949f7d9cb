using System.Text;
using Confluent.Kafka;

namespace ForgeShop.Operator;

/// <summary>Reads topics as they are, with foreign messages and tombstones, and leaves no consumer group behind.</summary>
internal static class KafkaTopics
{
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    /// <exception cref="OperatorException">Kafka does not answer.</exception>
    public static List<string> Names(string kafka) => [.. Metadata(kafka).Select(topic => topic.Topic)];

    /// <summary>Returns the newest messages of each partition in log order; nothing if the topic does not exist.</summary>
    /// <exception cref="OperatorException">Kafka does not answer in time.</exception>
    public static List<ConsumeResult<byte[]?, byte[]?>> Read(
        string kafka, IReadOnlyCollection<string> topics, long newest, CancellationToken cancellationToken)
    {
        var partitions = Metadata(kafka).Where(topic => topics.Contains(topic.Topic))
            .SelectMany(topic => topic.Partitions.Select(partition => new TopicPartition(topic.Topic, partition.PartitionId))).ToHashSet();
        var messages = new List<ConsumeResult<byte[]?, byte[]?>>();
        Consume(kafka, (consumer, token) =>
        {
            consumer.Assign(partitions.Select(partition =>
            {
                var range = consumer.QueryWatermarkOffsets(partition, Timeout);
                return new TopicPartitionOffset(partition, Math.Max(range.Low.Value, range.High.Value - newest));
            }));
            while (partitions.Count > 0)
            {
                var message = consumer.Consume(token);
                // A partition that is still written to reaches its end more than once.
                if (message.IsPartitionEOF)
                    partitions.Remove(message.TopicPartition);
                else
                    messages.Add(message);
            }
        }, cancellationToken);
        return messages;
    }

    /// <summary>Returns the message at a position; null if the topic no longer has it.</summary>
    public static Message<byte[]?, byte[]?>? ReadAt(string kafka, TopicPartitionOffset position, CancellationToken cancellationToken)
    {
        Message<byte[]?, byte[]?>? message = null;
        if (Metadata(kafka).Exists(topic => topic.Topic == position.Topic && topic.Partitions.Count > position.Partition.Value))
        {
            Consume(kafka, (consumer, token) =>
            {
                consumer.Assign(position);
                var first = consumer.Consume(token);
                message = !first.IsPartitionEOF && first.Offset == position.Offset ? first.Message : null;
            }, cancellationToken);
        }
        return message;
    }

    /// <summary>Returns a header's text; for repeated headers the last one.</summary>
    public static string? Header(Message<byte[]?, byte[]?> message, string name) =>
        message.Headers is { } headers && headers.TryGetLastBytes(name, out var value) && value is not null
            ? Encoding.UTF8.GetString(value)
            : null;

    private static void Consume(
        string kafka, Action<IConsumer<byte[]?, byte[]?>, CancellationToken> read, CancellationToken cancellationToken)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = kafka, GroupId = "forge-operator", EnableAutoCommit = false, EnableAutoOffsetStore = false,
            EnablePartitionEof = true,
            AutoOffsetReset = AutoOffsetReset.Earliest, AllowAutoCreateTopics = false,
        };
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { }).Build();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        try
        {
            read(consumer, timeout.Token);
        }
        catch (Exception exception)
            when (exception is KafkaException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            throw new OperatorException($"Kafka does not answer: {exception.Message}");
        }
    }

    private static List<TopicMetadata> Metadata(string kafka)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka }).SetLogHandler((_, _) => { }).Build();
        try
        {
            return admin.GetMetadata(Timeout).Topics;
        }
        catch (KafkaException exception)
        {
            throw new OperatorException($"Kafka does not answer: {exception.Error.Reason}");
        }
    }
}

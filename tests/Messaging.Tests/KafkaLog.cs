using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Tests;

/// <summary>What lies in a topic, read with Kafka's own client.</summary>
internal static class KafkaLog
{
    /// <summary>Everything that is in the topic now, in order within each partition.</summary>
    public static Task<List<ConsumeResult<byte[]?, byte[]?>>> ReadAsync(string kafka, string topic) => Task.Run(() => Read(kafka, topic));

    /// <summary>By subject the sequences of its events, in the order in which consumers see them.</summary>
    public static async Task<ILookup<Guid, long>> SequencesAsync(string kafka, string topic) =>
        (await ReadAsync(kafka, topic)).ToLookup(message => Guid.Parse(Header(message, "ce_subject")!), message => long.Parse(Header(message, "ce_sequence")!, CultureInfo.InvariantCulture));

    /// <summary>Waits for a dead letter of the topic.</summary>
    public static async Task<ConsumeResult<byte[]?, byte[]?>> DeadLetterAsync(string kafka, string topic, Func<ConsumeResult<byte[]?, byte[]?>, bool> which) =>
        (await Eventually.Get("the dead letter is there", _ => ReadAsync(kafka, topic + ".dlq"), letters => letters.Any(which), cancellationToken: TestContext.Current.CancellationToken)).First(which);

    public static string? Header(ConsumeResult<byte[]?, byte[]?> message, string name) =>
        message.Message.Headers.TryGetLastBytes(name, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;

    public static async Task ProduceAsync(string kafka, string topic, Message<byte[]?, byte[]?> message)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig { BootstrapServers = kafka, Partitioner = Partitioner.Murmur2Random, LingerMs = 0, MessageMaxBytes = 16_000_000 }).Build();
        await producer.ProduceAsync(topic, message, TestContext.Current.CancellationToken);
    }

    /// <summary>Creates the topic and its dead-letter topic for messages that are larger than Kafka's default maximum of 1 MiB.</summary>
    public static async Task CreateTopicsForLargeMessagesAsync(string kafka, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka }).Build();
        await admin.CreateTopicsAsync(new[] { topic, topic + ".dlq" }.Select(name => new TopicSpecification
        {
            Name = name, Configs = new() { ["max.message.bytes"] = "16000000" },
        }));
    }

    private static List<ConsumeResult<byte[]?, byte[]?>> Read(string kafka, string topic)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig { BootstrapServers = kafka, GroupId = "test-log", EnableAutoCommit = false, EnablePartitionEof = true }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = admin.GetMetadata(topic, TimeSpan.FromSeconds(10)).Topics.Single().Partitions.Select(partition => new TopicPartitionOffset(topic, partition.PartitionId, Offset.Beginning)).ToList();
        consumer.Assign(partitions);
        var messages = new List<ConsumeResult<byte[]?, byte[]?>>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(20));
        // By name and not by number: a partition that others still write to comes to its end more than once.
        for (var open = partitions.Select(partition => partition.TopicPartition).ToHashSet(); open.Count > 0;)
        {
            var message = consumer.Consume(patience.Token);
            if (message.IsPartitionEOF)
                open.Remove(message.TopicPartition);
            else
                messages.Add(message);
        }
        return messages;
    }
}

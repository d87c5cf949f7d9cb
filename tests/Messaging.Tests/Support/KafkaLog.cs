using System.Globalization;
using System.Text;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.Messaging.Tests;

/// <summary>Reads and writes topics with Kafka's client, without the code under test.</summary>
internal static class KafkaLog
{
    /// <summary>Returns everything that is in the topic now, in order within each partition; nothing if there is no such topic.</summary>
    public static Task<List<ConsumeResult<byte[]?, byte[]?>>> ReadAsync(KafkaServer kafka, string topic) =>
        Task.Run(() => Read(kafka, topic));

    /// <summary>Returns the messages of one aggregate.</summary>
    public static async Task<List<ConsumeResult<byte[]?, byte[]?>>> ReadAsync(KafkaServer kafka, string topic, Guid subject) =>
        [.. (await ReadAsync(kafka, topic)).Where(message => message.Header("ce_subject") == subject.ToString())];

    /// <summary>Returns the sequence numbers of the events by aggregate, in the order of the log.</summary>
    public static async Task<ILookup<Guid, long>> SequencesAsync(KafkaServer kafka, string topic) => (await ReadAsync(kafka, topic))
        .ToLookup(message => Guid.Parse(message.Header("ce_subject")!), message =>
            long.Parse(message.Header("ce_sequence")!, CultureInfo.InvariantCulture));

    /// <summary>Waits for a number of dead letters that fulfil a condition.</summary>
    public static async Task<List<ConsumeResult<byte[]?, byte[]?>>> DeadLettersAsync(
        KafkaServer kafka, string topic, int count, Func<ConsumeResult<byte[]?, byte[]?>, bool> condition) =>
        [.. (await Eventually.Get($"{count} dead letters are there", _ => ReadAsync(kafka, topic), letters =>
            letters.Count(condition) >= count,
            cancellationToken: TestContext.Current.CancellationToken)).Where(condition)];

    /// <summary>Returns the partitions of a topic; none if there is no such topic.</summary>
    public static IEnumerable<TopicPartition> PartitionsOf(KafkaServer kafka, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();
        return admin.GetMetadata(Eventually.DefaultTimeout).Topics.Where(known => known.Topic == topic)
            .SelectMany(known => known.Partitions).Select(partition => new TopicPartition(topic, partition.PartitionId));
    }

    public static string? Header(this ConsumeResult<byte[]?, byte[]?> message, string name) =>
        message.Message.Headers.TryGetLastBytes(name, out var bytes) && bytes is not null ? Encoding.UTF8.GetString(bytes) : null;

    public static async Task ProduceAsync(KafkaServer kafka, string topic, params Message<byte[]?, byte[]?>[] messages)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig
        {
            BootstrapServers = kafka.BootstrapServers, Partitioner = Partitioner.Murmur2Random, LingerMs = 5, MessageMaxBytes = 16_000_000,
            EnableIdempotence = true,
        }).Build();
        await Task.WhenAll(messages.Select(message => producer.ProduceAsync(topic, message, TestContext.Current.CancellationToken)));
    }

    private static List<ConsumeResult<byte[]?, byte[]?>> Read(KafkaServer kafka, string topic)
    {
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
        {
            BootstrapServers = kafka.BootstrapServers, GroupId = "test-log", EnableAutoCommit = false, EnablePartitionEof = true,
        }).Build();
        var partitions = PartitionsOf(kafka, topic).ToHashSet();
        consumer.Assign(partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Beginning)));
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        var messages = new List<ConsumeResult<byte[]?, byte[]?>>();
        while (partitions.Count > 0)
        {
            var message = consumer.Consume(timeout.Token);
            if (message.IsPartitionEOF)
                partitions.Remove(message.TopicPartition);
            else
                messages.Add(message);
        }
        return messages;
    }
}

/// <summary>Builds the messages that a relay would publish, and those that it never would.</summary>
internal static class CounterMessage
{
    private static readonly ForgeIds Ids = new();

    public static Message<byte[]?, byte[]?> Changed(Guid counter, long sequence) =>
        Of(counter, CounterChanged.Type, sequence, $$"""{"counterId":"{{counter}}","value":{{sequence}},"note":""}""");

    public static Message<byte[]?, byte[]?> Labelled(Guid counter, long sequence, string label = "x") =>
        Of(counter, CounterLabelled.Type, sequence, $$"""{"counterId":"{{counter}}","label":"{{label}}"}""").With("ce_dataversion", "2");

    public static Message<byte[]?, byte[]?> Of(Guid counter, string type, long sequence, string? data)
    {
        var message = new Message<byte[]?, byte[]?> { Key = Bytes(counter.ToString()), Value = data is null ? null : Bytes(data),
            Headers = [] };
        return message.With("ce_specversion", "1.0").With("ce_id", Ids.Event(counter, type, sequence).ToString()).With("ce_type", type)
            .With("ce_source", "/test").With("ce_subject", counter.ToString()).With("ce_time", "2026-11-21T00:00:00Z")
            .With("ce_sequence", sequence.ToString(CultureInfo.InvariantCulture)).With("ce_dataversion", "1");
    }

    /// <summary>Sets a header; null removes it.</summary>
    public static Message<byte[]?, byte[]?> With(this Message<byte[]?, byte[]?> message, string header, string? value)
    {
        message.Headers.Remove(header);
        return value is null ? message : message.Adding(header, Bytes(value));
    }

    /// <summary>Adds a header, even if there is one of the same name.</summary>
    public static Message<byte[]?, byte[]?> Adding(this Message<byte[]?, byte[]?> message, string header, byte[]? value)
    {
        message.Headers.Add(header, value);
        return message;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}

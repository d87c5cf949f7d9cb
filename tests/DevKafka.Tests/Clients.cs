using Confluent.Kafka;

namespace ForgeShop.DevKafka.Tests;

/// <summary>librdkafka clients with time-outs that suit tests.</summary>
internal sealed class Clients(string address)
{
    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = address })
        .SetLogHandler((_, _) => { }).Build();

    public IProducer<string?, string?> Producer(Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = address,
            Acks = Acks.All,
            LingerMs = 0,
            ReconnectBackoffMs = 20,
            ReconnectBackoffMaxMs = 200,
            RetryBackoffMs = 50,
        };
        configure?.Invoke(config);
        return new ProducerBuilder<string?, string?>(config)
            .SetKeySerializer(NullableUtf8.Instance)
            .SetValueSerializer(NullableUtf8.Instance)
            .SetLogHandler((_, _) => { })
            .Build();
    }

    public IConsumer<string?, string?> Consumer(string group, Action<ConsumerConfig>? configure = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = address,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoCommit = false,
            SessionTimeoutMs = 6_000,
            HeartbeatIntervalMs = 200,
            ReconnectBackoffMs = 20,
            ReconnectBackoffMaxMs = 200,
            TopicMetadataRefreshIntervalMs = 1_000,
            AllowAutoCreateTopics = true,
        };
        configure?.Invoke(config);
        return new ConsumerBuilder<string?, string?>(config)
            .SetKeyDeserializer(NullableUtf8.Instance)
            .SetValueDeserializer(NullableUtf8.Instance)
            .SetLogHandler((_, _) => { })
            .Build();
    }

    public async Task CreateTopicAsync(string topic, int partitions, Dictionary<string, string>? configs = null)
    {
        using var admin = Admin();
        await admin.CreateTopicsAsync([new() { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = configs }]);
        await Eventually.Get(
            $"{topic} has {partitions} partitions",
            _ => Task.FromResult(admin.GetMetadata(topic, Eventually.DefaultTimeout).Topics[0].Partitions.Count),
            count => count == partitions,
            cancellationToken: TestContext.Current.CancellationToken);
    }

    /// <summary>Reads all records of a partition by an independent consumer, up to the current end.</summary>
    public List<ConsumeResult<string?, string?>> ReadAll(string topic, int partition = 0)
    {
        using var consumer = Consumer($"reader-{Guid.NewGuid():N}");
        var topicPartition = new TopicPartition(topic, partition);
        var end = consumer.QueryWatermarkOffsets(topicPartition, Eventually.DefaultTimeout);
        consumer.Assign(new TopicPartitionOffset(topicPartition, Offset.Beginning));
        var records = new List<ConsumeResult<string?, string?>>();
        while (end.High > end.Low && (records.Count == 0 || records[^1].Offset < end.High - 1))
            records.Add(Next(consumer));
        return records;
    }

    /// <summary>Returns the next record.</summary>
    /// <exception cref="TimeoutException">No record arrived.</exception>
    public static ConsumeResult<string?, string?> Next(IConsumer<string?, string?> consumer) =>
        consumer.Consume(Eventually.DefaultTimeout) ?? throw new TimeoutException("No record arrived");

    /// <summary>Serializes strings in UTF-8; null stays null.</summary>
    private sealed class NullableUtf8 : ISerializer<string?>, IDeserializer<string?>
    {
        public static readonly NullableUtf8 Instance = new();

        public byte[]? Serialize(string? data, SerializationContext context) =>
            data is null ? null : System.Text.Encoding.UTF8.GetBytes(data);

        public string? Deserialize(ReadOnlySpan<byte> data, bool isNull, SerializationContext context) =>
            isNull ? null : System.Text.Encoding.UTF8.GetString(data);
    }
}

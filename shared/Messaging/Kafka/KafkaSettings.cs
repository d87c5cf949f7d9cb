using Confluent.Kafka;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.Messaging.Kafka;

/// <summary>
/// The configuration of the Kafka clients. <c>ConnectionStrings:kafka</c> names the brokers; the section <c>Kafka</c> may set any property of
/// <see cref="ClientConfig"/>, for example <c>Kafka:SecurityProtocol</c>, <c>Kafka:SaslMechanism</c>, <c>Kafka:SaslUsername</c> and <c>Kafka:SslCaLocation</c>.
/// </summary>
internal sealed class KafkaSettings(IConfiguration configuration, ServiceName service)
{
    private const int ReconnectBackoffMs = 100;
    private const int MaxReconnectBackoffMs = 1000;
    private const int MetadataRefreshMs = 10_000;
    private const int SessionTimeoutMs = 10_000;
    private const int CommitIntervalMs = 1000;

    public AdminClientConfig Admin() => Common(new AdminClientConfig());

    public ProducerConfig Producer()
    {
        var config = Common(new ProducerConfig());
        config.Acks = Acks.All;
        config.EnableIdempotence = true;
        // The partitioner of the Java and Node clients; librdkafka's default places the same key elsewhere.
        config.Partitioner = Partitioner.Murmur2Random;
        config.LingerMs = 0;
        // The relay limits the time of a whole batch. A message that expired alone would leave a gap before its successors.
        config.MessageTimeoutMs = 0;
        config.DeliveryReportFields = "status";
        return config;
    }

    public ConsumerConfig Consumer()
    {
        var config = Common(new ConsumerConfig());
        config.GroupId = service.Value;
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        // Offsets are stored after the commit of the effect; the client then commits the stored ones without blocking.
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = true;
        config.AutoCommitIntervalMs = CommitIntervalMs;
        config.SessionTimeoutMs = SessionTimeoutMs;
        config.HeartbeatIntervalMs = SessionTimeoutMs / 5;
        return config;
    }

    private TConfig Common<TConfig>(TConfig config) where TConfig : ClientConfig
    {
        configuration.GetSection("Kafka").Bind(config);
        config.BootstrapServers = configuration.GetConnectionString("kafka") ?? config.BootstrapServers;
        config.ClientId = service.Value;
        // Topics are created with their partition count at start, never by a typing error.
        config.AllowAutoCreateTopics = false;
        config.ReconnectBackoffMs = ReconnectBackoffMs;
        config.ReconnectBackoffMaxMs = MaxReconnectBackoffMs;
        config.TopicMetadataRefreshIntervalMs = MetadataRefreshMs;
        return config;
    }
}

/// <summary>The service's name: consumer group, and CloudEvents source of its messages.</summary>
internal sealed record ServiceName(string Value)
{
    public string Source => "/" + Value;
}

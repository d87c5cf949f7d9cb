namespace ForgeShop.Messaging;

/// <summary>
/// The configuration of the Kafka clients. <c>ConnectionStrings:kafka</c> names the brokers; the section <c>Kafka</c> may set any property
/// of <see cref="ClientConfig"/>, for example <c>Kafka:SecurityProtocol</c>, <c>Kafka:SaslMechanism</c>, <c>Kafka:SaslUsername</c> and
/// <c>Kafka:SslCaLocation</c>.
/// </summary>
/// <param name="service">The service's name: its client ID and consumer group.</param>
public sealed class KafkaSettings(IConfiguration configuration, string service)
{
    public AdminClientConfig Admin() => Common(new AdminClientConfig());

    public ProducerConfig Producer() => Common(new ProducerConfig
    {
        Acks = Acks.All,
        EnableIdempotence = true,
        // The partitioner of the Java and Node clients; librdkafka's default places the same key elsewhere.
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 0,
        // The relay limits the time of a whole batch. A message that expired alone would leave a gap before its successors.
        MessageTimeoutMs = 0,
        // Kafka decides about the size of a message, so the client's own limit is above any reasonable one.
        MessageMaxBytes = 100_000_000,
        DeliveryReportFields = "status",
    });

    public ConsumerConfig Consumer() => Common(new ConsumerConfig
    {
        GroupId = service,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        // Offsets are stored after the commit of the effect; the client then commits the stored ones without blocking.
        EnableAutoOffsetStore = false,
        EnableAutoCommit = true,
        AutoCommitIntervalMs = 1000,
        SessionTimeoutMs = 10_000,
        HeartbeatIntervalMs = 2000,
    });

    private TConfig Common<TConfig>(TConfig config) where TConfig : ClientConfig
    {
        config.ClientId = service;
        // Topics are created with their partition count at start, never by a typing error.
        config.AllowAutoCreateTopics = false;
        config.ReconnectBackoffMs = 100;
        config.ReconnectBackoffMaxMs = 1000;
        config.TopicMetadataRefreshIntervalMs = 10_000;
        configuration.GetSection("Kafka").Bind(config);
        config.BootstrapServers = configuration.GetConnectionString("kafka") ?? config.BootstrapServers;
        return config;
    }
}

using Confluent.Kafka;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging.Kafka;

/// <summary>How this service's Kafka clients are set up.</summary>
internal sealed class KafkaSettings(IOptions<MessagingOptions> options, ServiceName service)
{
    // A broker that comes back is noticed within a second, and not after librdkafka's ten.
    private const int ReconnectBackoffMs = 100;
    private const int MaxReconnectBackoffMs = 1000;

    // New topics and partitions are noticed within seconds, and not after librdkafka's five minutes.
    private const int MetadataRefreshMs = 10_000;

    public ProducerConfig Producer() => new()
    {
        BootstrapServers = options.Value.BootstrapServers,
        ClientId = service.Value,
        Acks = Acks.All,
        EnableIdempotence = true,
        // As Java and Node place keys; librdkafka's own default would put the same key elsewhere.
        Partitioner = Partitioner.Murmur2Random,
        LingerMs = 2,
        // A message that timed out on its own would leave a gap before its successors: the relay decides about time, for a whole batch.
        MessageTimeoutMs = 0,
        DeliveryReportFields = "status",
        ReconnectBackoffMs = ReconnectBackoffMs,
        ReconnectBackoffMaxMs = MaxReconnectBackoffMs,
        TopicMetadataRefreshIntervalMs = MetadataRefreshMs,
    };

    public ConsumerConfig Consumer() => new()
    {
        BootstrapServers = options.Value.BootstrapServers,
        ClientId = service.Value,
        GroupId = service.Value,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        // Offsets are stored by hand, after the effect; the client then commits what is stored, without blocking the poll loop.
        EnableAutoOffsetStore = false,
        EnableAutoCommit = true,
        AutoCommitIntervalMs = (int)options.Value.CommitInterval.TotalMilliseconds,
        SessionTimeoutMs = (int)options.Value.SessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (int)options.Value.SessionTimeout.TotalMilliseconds / 5,
        AllowAutoCreateTopics = true,
        ReconnectBackoffMs = ReconnectBackoffMs,
        ReconnectBackoffMaxMs = MaxReconnectBackoffMs,
        TopicMetadataRefreshIntervalMs = MetadataRefreshMs,
    };

    /// <summary>Reads single messages; belongs to no group and commits nothing.</summary>
    public ConsumerConfig Probe() => new()
    {
        BootstrapServers = options.Value.BootstrapServers,
        ClientId = service.Value,
        GroupId = service.Value + ".probe",
        AutoOffsetReset = AutoOffsetReset.Error,
        EnableAutoOffsetStore = false,
        EnableAutoCommit = false,
        QueuedMinMessages = 1,
        MaxPartitionFetchBytes = 64 * 1024,
        ReconnectBackoffMs = ReconnectBackoffMs,
        ReconnectBackoffMaxMs = MaxReconnectBackoffMs,
    };
}

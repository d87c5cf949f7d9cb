using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Messaging;

/// <summary>Configuration section <c>Messaging</c>. The defaults are meant for production.</summary>
public sealed class MessagingOptions
{
    /// <summary>The maximum number of messages that the relay publishes and marks as one batch.</summary>
    [Range(1, 10_000)]
    public int PublishBatchSize { get; set; } = 1000;

    /// <summary>The maximum number of messages that are handled in one transaction.</summary>
    [Range(1, 10_000)]
    public int ConsumeBatchSize { get; set; } = 200;

    /// <summary>The number of consumers in this process. Kafka divides the partitions among all consumers of the group.</summary>
    [Range(1, 100)]
    public int Consumers { get; set; } = 1;

    /// <summary>The interval at which the relay reads the outbox without a signal, and at which a standby tries the lock.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The time-out of a batch at Kafka; then the producer is replaced and the batch is published again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:10:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The maximum number of attempts before a message is dead-lettered; failures of the store do not count.</summary>
    [Range(1, 1000)]
    public int MaxAttempts { get; set; } = 5;

    /// <summary>The backoff after the first failure; it doubles with each further one, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The maximum backoff.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The time for which published messages stay in the outbox: the horizon of a replay.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "3650.00:00:00")]
    public TimeSpan OutboxRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The time for which the inbox recognises duplicates: at least the retention of the outbox and of the topics.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "3650.00:00:00")]
    public TimeSpan InboxRetention { get; set; } = TimeSpan.FromDays(14);

    /// <summary>The interval at which rows beyond their retention are deleted.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan CleanUpInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The age of the oldest unpublished message from which on the health check reports Degraded.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan MaxOutboxAge { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The number of partitions of topics that are created here.</summary>
    [Range(1, 10_000)]
    public int Partitions { get; set; } = 6;

    /// <summary>The replication factor of topics that are created here; -1 means the broker's default.</summary>
    [Range(-1, 100)]
    public short ReplicationFactor { get; set; } = -1;
}

using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Messaging;

/// <summary>Configuration section <c>Messaging</c>. The defaults are meant for production.</summary>
public sealed class MessagingOptions
{
    /// <summary>Where Kafka is: <c>host:port</c>, several separated by commas. From <c>ConnectionStrings:kafka</c>.</summary>
    public string BootstrapServers { get; set; } = "";

    /// <summary>At most so many events are claimed, published and marked at once.</summary>
    [Range(1, 10_000)]
    public int BatchSize { get; set; } = 500;

    /// <summary>How often the outbox is looked at although nobody signalled: for events of a process that died after its commit.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>So long Kafka may take to acknowledge a batch. Then the producer is thrown away, and the events are published again.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// So long published events stay in the outbox, so that a Kafka that lost its log can be refilled. At least as long as Kafka keeps them:
    /// its default for a topic is a week.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "3650.00:00:00")]
    public TimeSpan OutboxRetention { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often the outbox is looked through for published events that are older than that.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan OutboxCleanUpInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>So often an event is handed to Kafka that refuses it for good (too large, for instance) before it counts as dead.</summary>
    [Range(1, 1000)]
    public int MaxPublishAttempts { get; set; } = 5;

    /// <summary>So often a message is handled before it goes to the dead letters. An unreachable store does not count.</summary>
    [Range(1, 1000)]
    public int MaxHandleAttempts { get; set; } = 6;

    /// <summary>The pause after the first failure; it doubles from there, with jitter.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MinBackoff { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest pause between two attempts.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>So many messages are handled at the same time; those of one key never are.</summary>
    [Range(1, 1000)]
    public int MaxConcurrency { get; set; } = 8;

    /// <summary>So many messages of a partition wait in memory; then the partition is paused.</summary>
    [Range(1, 100_000)]
    public int MaxQueuedPerPartition { get; set; } = 500;

    /// <summary>
    /// So long an event that came too early waits for those before it, once its partition was read to the end. Then a dead letter tells of
    /// the gap; or, if nothing of the aggregate was ever handled here, it begins with what there is.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan GapTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>So many events of an aggregate are parked behind one that is missing or dead. Those beyond go to the dead letters.</summary>
    [Range(1, 100_000)]
    public int MaxParkedPerKey { get; set; } = 1000;

    /// <summary>Larger messages get a dead letter without their value, in bytes. Kafka's own limit may be lower, and then it decides.</summary>
    [Range(10_000, 100_000_000)]
    public int MaxDeadLetterBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How often positions are stored and committed.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>So long handlers may take to end when the service stops or a partition goes to another replica.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Without a sign of life for so long, a consumer loses its partitions to the other replicas.</summary>
    [Range(typeof(TimeSpan), "00:00:06", "00:30:00")] // What brokers allow unless told otherwise.
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);
}

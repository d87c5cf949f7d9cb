namespace ForgeShop.DevKafka;

/// <summary>The settings of the broker, from the command line.</summary>
internal sealed record BrokerOptions
{
    public required string DataFolder { get; init; }

    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Gets the port to listen on; 0 for a free one.</summary>
    public int Port { get; init; } = 9092;

    /// <summary>Gets the number of partitions of a topic that does not name one.</summary>
    public int Partitions { get; init; } = 6;

    public bool AutoCreateTopics { get; init; } = true;

    /// <summary>Gets the size of a partition in bytes above which its oldest segments are deleted.</summary>
    public long RetentionBytes { get; init; } = 1024 * 1024 * 1024;

    public TimeSpan Retention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Gets the size in bytes above which a new segment is started.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Gets the time after which written bytes are flushed to the disk.</summary>
    public TimeSpan FlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets what is wrong with the settings, or null.</summary>
    public string? Invalid => this switch
    {
        { Port: < 0 or > 65_535 } => "--port must be between 0 and 65535",
        { Partitions: < 1 or > 10_000 } => "--partitions must be between 1 and 10000",
        { SegmentBytes: < 1_024 or > int.MaxValue } => "--segment-bytes must be between 1024 and 2147483647",
        { RetentionBytes: < -1 } => "--retention-bytes must be -1 or more",
        _ when Retention <= TimeSpan.Zero => "--retention-hours must be positive",
        _ when FlushInterval <= TimeSpan.Zero || FlushInterval > TimeSpan.FromHours(1) =>
            "--flush-interval must be positive and at most 3600 seconds",
        _ => null,
    };
}

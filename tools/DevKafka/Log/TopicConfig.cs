using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace ForgeShop.DevKafka.Log;

/// <summary>The settings of a topic: the broker's defaults, and what CreateTopics overrides.</summary>
internal sealed class TopicConfig(BrokerOptions defaults, IReadOnlyDictionary<string, string> overrides)
{
    private const string RetentionMsName = "retention.ms";
    private const string RetentionBytesName = "retention.bytes";
    private const string MaxMessageBytesName = "max.message.bytes";
    private const string SegmentBytesName = "segment.bytes";
    private const string CleanupPolicyName = "cleanup.policy";

    public IReadOnlyDictionary<string, string> Overrides => overrides;

    /// <summary>Gets the age in milliseconds at which records are deleted, or -1 for no limit.</summary>
    public long RetentionMs { get; } = Number(overrides, RetentionMsName, (long)defaults.Retention.TotalMilliseconds);

    /// <summary>Gets the size of a partition in bytes above which its oldest segments are deleted, or -1 for no limit.</summary>
    public long RetentionBytes { get; } = Number(overrides, RetentionBytesName, defaults.RetentionBytes);

    /// <summary>Gets the maximum size of a record batch in bytes.</summary>
    public int MaxMessageBytes { get; } = (int)Number(overrides, MaxMessageBytesName, 1_048_588);

    /// <summary>Gets the size in bytes above which a new segment is started.</summary>
    public long SegmentBytes { get; } = Number(overrides, SegmentBytesName, defaults.SegmentBytes);

    /// <summary>Returns whether a setting can be overridden with the value.</summary>
    public static bool IsValid(string name, string? value, [NotNullWhen(false)] out string? error)
    {
        error = name switch
        {
            RetentionMsName or RetentionBytesName => IsNumber(value, -1, long.MaxValue),
            MaxMessageBytesName => IsNumber(value, 0, int.MaxValue),
            SegmentBytesName => IsNumber(value, 1_024, int.MaxValue),
            CleanupPolicyName => value == "delete",
            _ => false,
        }
            ? null
            : $"Topic configuration {name}={value} is unknown, invalid or not supported by DevKafka";
        return error is null;
    }

    /// <summary>Returns all settings with their effective values.</summary>
    public IEnumerable<ConfigEntry> Describe() =>
    [
        Entry(CleanupPolicyName, "delete", ConfigType.List),
        Entry(MaxMessageBytesName, Text(MaxMessageBytes), ConfigType.Int),
        Entry(RetentionBytesName, Text(RetentionBytes), ConfigType.Long),
        Entry(RetentionMsName, Text(RetentionMs), ConfigType.Long),
        Entry(SegmentBytesName, Text(SegmentBytes), ConfigType.Int),
    ];

    private static bool IsNumber(string? text, long minimum, long maximum) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
        && value >= minimum
        && value <= maximum;

    private static long Number(IReadOnlyDictionary<string, string> overrides, string name, long defaultValue) =>
        overrides.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : defaultValue;

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private ConfigEntry Entry(string name, string value, ConfigType type) =>
        new(name, value, type, IsDefault: !overrides.ContainsKey(name));
}

/// <summary>A setting as DescribeConfigs reports it.</summary>
internal sealed record ConfigEntry(string Name, string Value, ConfigType Type, bool IsDefault);

/// <summary>The types of settings, with their numbers in the protocol.</summary>
internal enum ConfigType : sbyte
{
    Boolean = 1,
    Int = 3,
    Long = 5,
    List = 7,
}

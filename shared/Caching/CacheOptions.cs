using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Caching;

/// <summary>Configuration section <c>Cache</c>.</summary>
public sealed class CacheOptions
{
    /// <summary>The time for which an entry is fresh, in the process and in Redis.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>The time for which a stale entry is served while the database does not answer (fail-safe).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan FailSafe { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The maximum duration of a Redis command. After a time-out the service reads the database.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RedisTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// The pause after a Redis time-out. The service sends no commands meanwhile, so an outage does not add a time-out to every request.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "01:00:00")]
    public TimeSpan PauseAfterFailure { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The maximum number of entries in the process.</summary>
    [Range(1, 1_000_000)]
    public int MaxEntries { get; set; } = 10_000;
}

namespace ForgeShop.Caching;

/// <summary>How the cache behaves; bound from the configuration section <c>Cache</c>.</summary>
public sealed class CacheOptions
{
    /// <summary>How long a view is served from the cache. It bounds how old an answer can be when everything else went wrong.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Spread of the time to live, so that views cached together do not expire together: 0.1 is ± 10 %.</summary>
    public double Jitter { get; set; } = 0.1;

    /// <summary>How long Redis may take. Then the database answers.</summary>
    public TimeSpan RedisTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long Redis is left alone after it failed, so that an outage does not add a time-out to every request.</summary>
    public TimeSpan PauseAfterFailure { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one read of the database on behalf of all waiting requests may take.</summary>
    public TimeSpan LoadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How many changed views are remembered while Redis does not take them.</summary>
    public int MaxPendingViews { get; set; } = 10_000;

    internal TimeSpan LongestTimeToLive => TimeToLive * (1 + Jitter);
}

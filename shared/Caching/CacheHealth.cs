using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace ForgeShop.Caching;

/// <summary>Says that the cache is down, at most as "degraded": the service works without it and must stay in rotation.</summary>
internal sealed class CacheHealth(VersionedRedis redis) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await redis.PingAsync();
            return HealthCheckResult.Healthy();
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            return HealthCheckResult.Degraded($"Redis does not answer ({error.GetType().Name}); the database answers instead.");
        }
    }
}

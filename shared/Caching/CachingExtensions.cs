using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace ForgeShop.Caching;

public static class CachingExtensions
{
    // Entries are untrusted input: an entry with a missing or null member is dropped.
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        IncludeFields = true, // asked for by FusionCache, for value tuples
    };

    /// <summary>Adds an <see cref="EntityCache{TView}"/> that follows the changes that the context saves.</summary>
    /// <param name="prefix">The first part of every key: <c>user</c> for <c>user:{id}</c>.</param>
    /// <param name="show">Makes the view of an entity, whose property <c>Version</c> counts its changes.</param>
    public static IHostApplicationBuilder AddEntityCache<TContext, TEntity, TView>(
        this IHostApplicationBuilder builder, string connectionName, string prefix, Func<TEntity, TView> show)
        where TContext : DbContext where TEntity : class where TView : class, ICachedView
    {
        builder.AddRedisClient(connectionName);
        var services = builder.Services;
        // The service works without its cache and stays ready.
        services.PostConfigure<HealthCheckServiceOptions>(health =>
        {
            foreach (var check in health.Registrations.Where(check => check.Name.Contains("Redis", StringComparison.Ordinal)))
                (check.FailureStatus, check.Timeout) = (HealthStatus.Degraded, TimeSpan.FromSeconds(1));
        });
        services.AddOptions<CacheOptions>().BindConfiguration("Cache").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<VersionedRedis>();
        services.AddOptions<FusionCacheOptions>()
            .Configure<IOptions<CacheOptions>>((options, settings) => Configure(options, prefix, settings.Value));
        services.AddFusionCache()
            .WithMemoryCache(provider => new MemoryCache(
                new MemoryCacheOptions { SizeLimit = provider.GetRequiredService<IOptions<CacheOptions>>().Value.MaxEntries }))
            .WithSerializer(new FusionCacheSystemTextJsonSerializer(Json))
            .WithDistributedCache(provider => provider.GetRequiredService<VersionedRedis>())
            .WithBackplane(provider => new RedisBackplane(
                new RedisBackplaneOptions
                {
                    ConnectionMultiplexerFactory = () => Task.FromResult(provider.GetRequiredService<IConnectionMultiplexer>()),
                },
                provider.GetRequiredService<ILogger<RedisBackplane>>()));
        services.AddSingleton(provider => new EntityCache<TView>(
            prefix, provider.GetRequiredService<IFusionCache>(), provider.GetRequiredService<VersionedRedis>(),
            provider.GetRequiredService<IServiceScopeFactory>(), provider.GetRequiredService<ILogger<EntityCache<TView>>>()));
        // Lazy, so that the tools that write migrations need no Redis.
        services.AddSingleton(provider =>
            new CachedEntityInterceptor<TEntity, TView>(new(provider.GetRequiredService<EntityCache<TView>>), show));
        services.ConfigureDbContext<TContext>((provider, options) =>
            options.AddInterceptors(provider.GetRequiredService<CachedEntityInterceptor<TEntity, TView>>()));
        return builder;
    }

    private static void Configure(FusionCacheOptions options, string prefix, CacheOptions settings)
    {
        options.DistributedCacheKeyModifierMode = CacheKeyModifierMode.None;
        options.BackplaneChannelPrefix = prefix;
        options.DisableTagging = true;
        options.AutoRecoveryDelay = TimeSpan.FromSeconds(1);
        options.AutoRecoveryMaxItems = settings.MaxEntries;
        // The messages of these exceptions quote entries and must not be logged; VersionedRedis, EntityCache and the request log the
        // failure.
        options.DistributedCacheErrorsLogLevel = options.BackplaneErrorsLogLevel = options.FactoryErrorsLogLevel = LogLevel.Debug;
        options.SerializationErrorsLogLevel = LogLevel.Debug;
        options.DefaultEntryOptions = new FusionCacheEntryOptions(settings.TimeToLive)
        {
            JitterMaxDuration = settings.TimeToLive / 10,
            Size = 1,
            IsFailSafeEnabled = true,
            FailSafeMaxDuration = settings.TimeToLive + settings.FailSafe,
            FailSafeThrottleDuration = TimeSpan.FromSeconds(1),
            FactorySoftTimeout = TimeSpan.FromSeconds(1),
            AllowBackgroundDistributedCacheOperations = true,
            ReThrowSerializationExceptions = false,
        };
    }
}

using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace ForgeShop.Caching;

public static class CachingExtensions
{
    /// <summary>Registers an <see cref="EntityCache{TView}"/> over the Redis that the connection string <paramref name="connectionName"/> names.</summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="connectionName">The connection string's name.</param>
    /// <param name="prefix">The first part of every key: <c>user</c> for <c>user:{id}</c>.</param>
    /// <param name="json">How the view is written.</param>
    public static IHostApplicationBuilder AddEntityCache<TView>(
        this IHostApplicationBuilder builder, string connectionName, string prefix, JsonTypeInfo<TView> json) where TView : class, ICachedView
    {
        // The client's own health check would take the whole service out of rotation together with its cache.
        builder.AddRedisClient(connectionName, settings => settings.DisableHealthChecks = true);
        builder.Services.AddHealthChecks().AddCheck<CacheHealth>("cache", HealthStatus.Degraded);

        builder.Services.AddOptions<CacheOptions>().BindConfiguration("Cache");
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<VersionedRedis>();
        builder.Services.AddSingleton<PendingViews>();
        builder.Services.AddHostedService(services => services.GetRequiredService<PendingViews>());
        builder.Services.AddSingleton(services => new EntityCache<TView>(
            prefix, json,
            services.GetRequiredService<VersionedRedis>(),
            services.GetRequiredService<PendingViews>(),
            services.GetRequiredService<IServiceScopeFactory>(),
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<IOptions<CacheOptions>>()));
        return builder;
    }
}

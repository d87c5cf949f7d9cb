using ForgeShop.Forge;
using ZiggyCreatures.Caching.Fusion;

namespace ForgeShop.Caching;

/// <summary>
/// Cache-aside with FusionCache: entries in the process (L1) and in Redis (L2) under <c>{prefix}:{id}</c>; a backplane refreshes L1 in
/// other replicas. A backplane message can be late or lost, so Redis also holds the minimum version of each entity. It is raised before a
/// change is committed, and an entry below it is not used. After one replica has returned version 3, no replica returns version 2.
/// </summary>
public sealed partial class EntityCache<TView> where TView : class, ICachedView
{
    private static readonly TimeSpan UnreachedVersionLifetime = TimeSpan.FromSeconds(30);

    private readonly string _prefix;
    private readonly IFusionCache _cache;
    private readonly VersionedRedis _redis;
    private readonly IServiceScopeFactory _scopes;
    private readonly FusionCacheEntryOptions _onlyInProcess;
    private readonly FusionCacheEntryOptions _notFromRedis;

    internal EntityCache(
        string prefix, IFusionCache cache, VersionedRedis redis, IServiceScopeFactory scopes, ILogger<EntityCache<TView>> logger)
    {
        (_prefix, _cache, _redis, _scopes) = (prefix, cache, redis, scopes);
        _onlyInProcess = cache.CreateEntryOptions(options => options.SetSkipDistributedCache(true, skipBackplaneNotifications: true));
        _notFromRedis = cache.CreateEntryOptions(options => options.SkipDistributedCacheRead = true);
        cache.Events.Distributed.DeserializationError += (_, entry) => LogMisfit(logger, entry.Key);
    }

    /// <summary>Returns the cached view, or loads it; concurrent requests for one entity share one load.</summary>
    /// <param name="load">Reads the view from the database. Null (unknown, or owned by another caller) is not cached.</param>
    public async Task<TView?> GetAsync(
        Guid id, Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken) =>
        await GetAsync(id, await _redis.MinimumVersionAsync(Key(id), cancellationToken), load, cancellationToken);

    /// <summary>
    /// Like <see cref="GetAsync(Guid, Func{IServiceProvider, CancellationToken, Task{TView}}, CancellationToken)"/>, for callers that
    /// mostly ask for entities that do not exist yet: an entity that is not in Redis is not loaded.
    /// </summary>
    /// <returns>Null if the entity does not exist, or was neither changed nor read for some time.</returns>
    public async Task<TView?> FindAsync(
        Guid id, Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken)
    {
        var minimum = await _redis.MinimumVersionAsync(Key(id), cancellationToken);
        return minimum == 0 ? null : await GetAsync(id, minimum, load, cancellationToken);
    }

    private async Task<TView?> GetAsync(
        Guid id, long? minimum, Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken)
    {
        // Without Redis a replica cannot see what another one has changed.
        if (minimum is null)
            return await LoadAsync(load, cancellationToken);
        var key = Key(id);
        if (minimum == 0)
            await _cache.RemoveAsync(key, _onlyInProcess, cancellationToken);
        var (isLoaded, loaded) = (false, default(TView));
        var view = await _cache.GetOrSetAsync<TView?>(key, async (context, token) =>
        {
            loaded = await LoadAsync(load, token);
            if (loaded is null)
                context.Options.SetSkipMemoryCache().SetSkipDistributedCache(true, skipBackplaneNotifications: true);
            else if (loaded.Version > minimum)
                await _redis.TryRaiseVersionAsync(key, loaded.Version, token);
            isLoaded = true;
            return loaded;
        }, options: minimum == 0 ? _notFromRedis : null, token: cancellationToken);
        if ((isLoaded && ReferenceEquals(view, loaded))
            || (view is not null && view.IsComplete && view.Key == id && view.Version >= minimum))
            return view;

        view = await LoadAsync(load, cancellationToken);
        if (view is null)
            return null;
        if (view.Version < minimum)
        {
            // Not stored, because that would prolong the life of a version that no transaction has committed.
            await _redis.ExpireAsync(key, UnreachedVersionLifetime, cancellationToken);
            return view;
        }
        if (view.Version > minimum)
            await _redis.TryRaiseVersionAsync(key, view.Version, cancellationToken);
        await _cache.SetAsync(key, view, token: cancellationToken);
        return view;
    }

    /// <summary>Raises the minimum version before the change is committed. From then on no replica returns an older view.</summary>
    /// <returns>False if Redis did not confirm it.</returns>
    internal Task<bool> TryAnnounceAsync(TView view, CancellationToken cancellationToken) =>
        _redis.TryRaiseVersionAsync(Key(view.Key), view.Version, cancellationToken);

    /// <summary>Stores a view and its version; during an outage of Redis, after it.</summary>
    internal async Task PutAsync(TView view) => await _cache.SetAsync(Key(view.Key), view);

    private string Key(Guid id) => $"{_prefix}:{Uuid.ToText(id)}";

    private async Task<TView?> LoadAsync(Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken)
    {
        // FusionCache continues a slow load after its request has ended, so the load cannot use the request's scope.
        await using var scope = _scopes.CreateAsyncScope();
        return await load(scope.ServiceProvider, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Cache entry {Key} cannot be read; replacing it")]
    private static partial void LogMisfit(ILogger logger, string? key);
}

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace ForgeShop.Caching;

/// <summary>
/// Cache-aside in Redis under <c>{prefix}:{id}</c>: JSON, one key an entity. The database stays the truth: a cache that is
/// down, slow or empty changes how long an answer takes and nothing else.
/// </summary>
public sealed class EntityCache<TView> where TView : class, ICachedView
{
    private readonly string _prefix;
    private readonly JsonTypeInfo<TView> _json;
    private readonly VersionedRedis _redis;
    private readonly PendingViews _pending;
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private readonly CacheOptions _options;
    private readonly ConcurrentDictionary<string, Lazy<Task<TView?>>> _loads = new();

    internal EntityCache(
        string prefix, JsonTypeInfo<TView> json, VersionedRedis redis, PendingViews pending, IServiceScopeFactory scopes, TimeProvider time, IOptions<CacheOptions> options)
        => (_prefix, _json, _redis, _pending, _scopes, _time, _options) = (prefix, json, redis, pending, scopes, time, options.Value);

    /// <summary>
    /// The view from the cache, or from <paramref name="load"/>, which reads the database in a scope of its own: requests
    /// for the same entity that arrive meanwhile share that one read, and none of them can cancel it for the others.
    /// </summary>
    public async Task<TView?> GetAsync(Guid id, Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken) =>
        await FindAsync(id) ?? await LoadAsync(id, load, cancellationToken);

    /// <summary>The view if the cache has it.</summary>
    public Task<TView?> FindAsync(Guid id) => ReadAsync(Key(id));

    /// <summary>The view from <paramref name="load"/>, as <see cref="GetAsync"/> does it where the cache has none; the cache has it afterwards.</summary>
    public async Task<TView?> LoadAsync(Guid id, Func<IServiceProvider, CancellationToken, Task<TView?>> load, CancellationToken cancellationToken)
    {
        var key = Key(id);
        var shared = new Lazy<Task<TView?>>(() => LoadAsync(key, load));
        return await _loads.GetOrAdd(key, shared).Value.WaitAsync(cancellationToken);
    }

    /// <summary>To be called after a change is committed: from here on nobody is given an older view.</summary>
    public async Task PutAsync(Guid id, TView view)
    {
        var key = Key(id);
        // Whoever asks from now on must not be handed the result of a read that began before the change.
        _loads.TryRemove(key, out _);
        var json = JsonSerializer.SerializeToUtf8Bytes(view, _json);
        if (!await _redis.TryPutAsync(key, view.Version, json))
            _pending.Add(key, view.Version, json);
    }

    private string Key(Guid id) => RedisKeys.Of(_prefix, id);

    private async Task<TView?> ReadAsync(string key)
    {
        if (_redis.Paused || _pending.Contains(key) || await _redis.GetAsync(key) is not { } json)
            return null;
        try
        {
            return JsonSerializer.Deserialize(json, _json);
        }
        catch (JsonException)
        {
            // Written by another version of this service: as good as not there.
            return null;
        }
    }

    private async Task<TView?> LoadAsync(string key, Func<IServiceProvider, CancellationToken, Task<TView?>> load)
    {
        try
        {
            using var limit = new CancellationTokenSource(_options.LoadTimeout, _time);
            await using var scope = _scopes.CreateAsyncScope();
            var view = await load(scope.ServiceProvider, limit.Token);
            if (view is not null && !_redis.Paused)
                await _redis.TryPutAsync(key, view.Version, JsonSerializer.SerializeToUtf8Bytes(view, _json));
            return view;
        }
        finally
        {
            _loads.TryRemove(key, out _);
        }
    }
}

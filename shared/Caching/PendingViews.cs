using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Caching;

/// <summary>
/// Changes that Redis has not taken yet. A Redis that comes back with its old data would serve the state from before the
/// change; so the change is stored again and again, until it is there or the old state has expired.
/// </summary>
internal sealed partial class PendingViews(VersionedRedis redis, IOptions<CacheOptions> options, TimeProvider time, ILogger<PendingViews> logger)
    : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, Pending> _pending = new();
    private readonly Channel<bool> _added = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private sealed record Pending(long Version, byte[] Json, DateTimeOffset Until);

    /// <summary>True while Redis may still hold an older view of this key.</summary>
    public bool Contains(string key) => _pending.ContainsKey(key);

    public void Add(string key, long version, byte[] json)
    {
        if (_pending.Count >= options.Value.MaxPendingViews)
        {
            LogDropped(logger, options.Value.MaxPendingViews);
            return;
        }

        var view = new Pending(version, json, time.GetUtcNow() + options.Value.LongestTimeToLive);
        _pending.AddOrUpdate(key, view, (_, known) => known.Version > version ? known : view);
        _added.Writer.TryWrite(true);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pause = FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            if (_pending.IsEmpty)
            {
                await _added.Reader.ReadAsync(stoppingToken);
                pause = FirstPause;
            }

            await Task.Delay(pause * (0.75 + (Random.Shared.NextDouble() / 2)), time, stoppingToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            foreach (var (key, view) in _pending)
            {
                if (time.GetUtcNow() < view.Until && !await redis.TryPutAsync(key, view.Version, view.Json))
                    break;
                _pending.TryRemove(new KeyValuePair<string, Pending>(key, view));
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "More than {Max} changed views wait for Redis; one more is given up and may be served in its old state until it expires")]
    private static partial void LogDropped(ILogger logger, int max);
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace ForgeShop.Caching;

/// <summary>Redis as a place that may be down or slow at any time: every call is bounded, and a failure is an answer, not an exception.</summary>
internal sealed partial class VersionedRedis(
    IConnectionMultiplexer redis, IOptions<CacheOptions> options, TimeProvider time, ILogger<VersionedRedis> logger)
{
    // A reader loads version 1, a writer commits version 2 and stores it, the reader stores version 1: without the comparison
    // the old value would stay until it expires. Compared and stored in one step, because scripts run atomically.
    private const string PutUnlessNewer =
        """
        local current = redis.call('GET', KEYS[1])
        if current then
          local read, view = pcall(cjson.decode, current)
          if read and type(view) == 'table' and type(view.version) == 'number' and view.version > tonumber(ARGV[1]) then
            return 0
          end
        end
        redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
        return 1
        """;

    private long _pausedUntil = long.MinValue;

    /// <summary>True for a moment after a failure: reads go straight to the database.</summary>
    public bool Paused => time.GetTimestamp() < Interlocked.Read(ref _pausedUntil);

    public async Task<byte[]?> GetAsync(string key)
    {
        try
        {
            return await Bounded(redis.GetDatabase().StringGetAsync(key));
        }
        catch (Exception error) when (IsOutage(error))
        {
            Pause(error);
            return null;
        }
    }

    /// <summary>Stores the view unless a newer one is there. False when Redis did not confirm in time; to put it again is harmless.</summary>
    public async Task<bool> TryPutAsync(string key, long version, byte[] json)
    {
        var settings = options.Value;
        var spread = settings.Jitter * ((2 * Random.Shared.NextDouble()) - 1);
        var milliseconds = (long)(settings.TimeToLive * (1 + spread)).TotalMilliseconds;
        try
        {
            await Bounded(redis.GetDatabase().ScriptEvaluateAsync(PutUnlessNewer, [key], [version, json, milliseconds]));
            return true;
        }
        catch (Exception error) when (IsOutage(error))
        {
            Pause(error);
            return false;
        }
    }

    public async Task<TimeSpan> PingAsync() => await Bounded(redis.GetDatabase().PingAsync());

    private Task<T> Bounded<T>(Task<T> call) => call.WaitAsync(options.Value.RedisTimeout, time);

    private static bool IsOutage(Exception error) => error is RedisException or TimeoutException;

    private void Pause(Exception error)
    {
        var until = time.GetTimestamp() + (long)(options.Value.PauseAfterFailure.TotalSeconds * time.TimestampFrequency);
        var before = Interlocked.Exchange(ref _pausedUntil, until);
        if (time.GetTimestamp() >= before)
            LogPause(logger, error.GetType().Name, options.Value.PauseAfterFailure);
    }

    // The exception itself is left out: the client's messages quote the command, and with it what was cached.
    [LoggerMessage(LogLevel.Warning, "Redis did not answer ({Error}); the database answers for the next {Pause}")]
    private static partial void LogPause(ILogger logger, string error, TimeSpan pause);
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace ForgeShop.Caching;

/// <summary>
/// FusionCache's second level: the framework's Redis cache with a time-out and a circuit breaker. An error reply concerns one key: the key
/// is dropped and the command repeated. Only time-outs and connection errors open the circuit. The hash of each entry also holds the
/// entity's minimum version.
/// </summary>
internal sealed partial class VersionedRedis : IDistributedCache, IDisposable
{
    internal const string VersionField = "version";

    // The field and the entry expire together. If the field is absent, the reader queries the database.
    private const string Raise =
        """
        local known = tonumber(redis.call('HGET', KEYS[1], 'version') or '')
        if not known or known < tonumber(ARGV[1]) then redis.call('HSET', KEYS[1], 'version', ARGV[1]) end
        redis.call('PEXPIRE', KEYS[1], ARGV[2])
        return 1
        """;

    private readonly IConnectionMultiplexer _redis;
    private readonly RedisCache _entries;
    private readonly TimeSpan _lifetime;
    private readonly int _maxMissed;
    private readonly ResiliencePipeline _pipeline;
    private readonly ILogger _logger;

    /// <summary>The versions that Redis did not store; FusionCache stores them with the entries after the outage.</summary>
    private readonly ConcurrentDictionary<string, long> _missed = [];

    public VersionedRedis(IConnectionMultiplexer redis, IOptions<CacheOptions> options, TimeProvider time, ILogger<VersionedRedis> logger)
    {
        (_redis, _logger) = (redis, logger);
        _entries = new RedisCache(new RedisCacheOptions { ConnectionMultiplexerFactory = () => Task.FromResult(redis) });
        var settings = options.Value;
        (_lifetime, _maxMissed) = (settings.TimeToLive + settings.FailSafe, settings.MaxEntries);
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = outcome => ValueTask.FromResult(outcome.Outcome.Exception is { } error && IsOutage(error)),
                FailureRatio = 0.5,
                MinimumThroughput = 2,
                SamplingDuration = TimeSpan.FromSeconds(1) + settings.RedisTimeout,
                BreakDuration = settings.PauseAfterFailure,
                OnOpened = opened =>
                {
                    LogOutage(opened.Outcome.Exception?.GetType().Name, opened.BreakDuration);
                    return default;
                },
            })
            .AddTimeout(settings.RedisTimeout)
            .Build();
    }

    /// <summary>Returns the minimum version of the entity: 0 if none is known, null if Redis does not answer.</summary>
    public async Task<long?> MinimumVersionAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            var version = await AskAsync(key, _ => _redis.GetDatabase().HashGetAsync(key, VersionField), cancellationToken);
            return version.TryParse(out long minimum) ? minimum : 0;
        }
        catch (Exception error) when (IsFailure(error))
        {
            return null;
        }
    }

    /// <returns>False if Redis did not confirm it.</returns>
    public async Task<bool> TryRaiseVersionAsync(string key, long version, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(
                key,
                _ => _redis.GetDatabase().ScriptEvaluateAsync(Raise, [key], [version, (long)_lifetime.TotalMilliseconds]),
                cancellationToken);
            if (_missed.TryGetValue(key, out var missed) && missed <= version)
                _missed.TryRemove(KeyValuePair.Create(key, missed));
            return true;
        }
        catch (Exception error) when (IsFailure(error))
        {
            LogVersionNotStored(error.GetType().Name);
            if (_missed.Count < _maxMissed)
                _missed.AddOrUpdate(key, version, (_, missed) => Math.Max(missed, version));
            return false;
        }
    }

    /// <summary>Lets a minimum version expire that exceeds the database's, after a rollback or a foreign write.</summary>
    public async Task ExpireAsync(string key, TimeSpan after, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(key, _ => _redis.GetDatabase().KeyExpireAsync(key, after, ExpireWhen.LessThanCurrentExpiry), cancellationToken);
        }
        catch (Exception error) when (IsFailure(error))
        {
            LogVersionNotStored(error.GetType().Name);
        }
    }

    public Task<byte[]?> GetAsync(string key, CancellationToken token = default) =>
        AskAsync(key, ask => _entries.GetAsync(key, ask), token);

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default)
    {
        if (_missed.TryGetValue(key, out var version) && !await TryRaiseVersionAsync(key, version, token))
            throw new RedisException("The version of a cache entry was not stored.");
        await AskAsync(key, async ask => { await _entries.SetAsync(key, value, options, ask); return true; }, token);
    }

    public Task RemoveAsync(string key, CancellationToken token = default) => _entries.RemoveAsync(key, token);

    public Task RefreshAsync(string key, CancellationToken token = default) => _entries.RefreshAsync(key, token);

    public byte[]? Get(string key) => throw new NotSupportedException();

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => throw new NotSupportedException();

    public void Refresh(string key) => throw new NotSupportedException();

    public void Remove(string key) => throw new NotSupportedException();

    public void Dispose() => _entries.Dispose();

    private async Task<T> AskAsync<T>(string key, Func<CancellationToken, Task<T>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await BoundedAsync(command, cancellationToken);
        }
        catch (Exception error) when (error is RedisServerException or InvalidCastException or ArithmeticException
            or FormatException or ArgumentException)
        {
            LogDropped(key, error.GetType().Name);
            await BoundedAsync(_ => _redis.GetDatabase().KeyDeleteAsync(key), cancellationToken);
            return await BoundedAsync(command, cancellationToken);
        }
    }

    private async Task<T> BoundedAsync<T>(Func<CancellationToken, Task<T>> command, CancellationToken cancellationToken) =>
        await _pipeline.ExecuteAsync(async token => await command(token).WaitAsync(token), cancellationToken);

    private static bool IsOutage(Exception error) => error is RedisConnectionException or TimeoutException or TimeoutRejectedException;

    private static bool IsFailure(Exception error) => error is RedisException or TimeoutException or ExecutionRejectedException;

    // The exception is not logged, because the client's messages quote the command.
    [LoggerMessage(LogLevel.Warning, "Redis does not answer ({Error}); reading from the database for {Pause}")]
    private partial void LogOutage(string? error, TimeSpan pause);

    [LoggerMessage(LogLevel.Warning, "Dropped cache key {Key}: its value does not fit ({Error})")]
    private partial void LogDropped(string key, string error);

    [LoggerMessage(LogLevel.Warning, "Redis did not store a version ({Error}); other replicas can answer the previous state until it does")]
    private partial void LogVersionNotStored(string error);
}

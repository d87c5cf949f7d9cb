using System.Threading.RateLimiting;

namespace ForgeShop.Gateway;

/// <summary>The state of a limit: the number of remaining requests, and the time until the window ends.</summary>
internal readonly record struct RateLimitState(string Policy, int Limit, int Remaining, TimeSpan Reset);

/// <summary>
/// A fixed window that begins with its first request and whose leases contain its state. The framework's own window reports its whole
/// length instead (dotnet/runtime#92557), and no state for an accepted request.
/// </summary>
internal sealed class MeasuredWindow(string policy, int limit, TimeSpan window, TimeProvider time) : RateLimiter
{
    public static readonly MetadataName<RateLimitState> State = MetadataName.Create<RateLimitState>("RATE_LIMIT_STATE");

    private readonly Lock _lock = new();
    private long _began = time.GetTimestamp();
    private int _used;

    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
                return time.GetElapsedTime(_began) - window is { Ticks: > 0 } idle ? idle : null;
        }
    }

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_lock)
        {
            if (time.GetElapsedTime(_began) >= window)
                (_began, _used) = (time.GetTimestamp(), 0);
            var isAcquired = _used + permitCount <= limit;
            if (isAcquired)
                _used += permitCount;
            return new Lease(isAcquired, new(policy, limit, limit - _used, window - time.GetElapsedTime(_began)));
        }
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        new(AttemptAcquireCore(permitCount));

    private sealed class Lease(bool isAcquired, RateLimitState state) : RateLimitLease
    {
        public override bool IsAcquired => isAcquired;

        public override IEnumerable<string> MetadataNames => [State.Name];

        public override bool TryGetMetadata(string metadataName, out object? metadata)
        {
            metadata = metadataName == State.Name ? state : null;
            return metadata is not null;
        }
    }
}

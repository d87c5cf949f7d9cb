using System.Threading.RateLimiting;

namespace ForgeShop.Gateway;

/// <summary>
/// Passes a limiter's leases on and writes the remaining requests into the answer: <c>RateLimit-Policy</c> and <c>RateLimit</c> as in
/// draft-ietf-httpapi-ratelimit-headers, one item for each limit that the request counts against.
/// </summary>
internal sealed class RateLimitHeaders(PartitionedRateLimiter<HttpContext> limiter) : PartitionedRateLimiter<HttpContext>
{
    public override RateLimiterStatistics? GetStatistics(HttpContext resource) => limiter.GetStatistics(resource);

    protected override RateLimitLease AttemptAcquireCore(HttpContext resource, int permitCount)
    {
        var lease = limiter.AttemptAcquire(resource, permitCount);
        Write(resource, lease);
        return lease;
    }

    protected override async ValueTask<RateLimitLease> AcquireAsyncCore(
        HttpContext resource, int permitCount, CancellationToken cancellationToken)
    {
        var lease = await limiter.AcquireAsync(resource, permitCount, cancellationToken);
        Write(resource, lease);
        return lease;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            limiter.Dispose();
        base.Dispose(disposing);
    }

    private static void Write(HttpContext context, RateLimitLease lease)
    {
        if (!lease.TryGetMetadata(MeasuredWindow.State, out var state))
            return;
        if (context.Items[typeof(RateLimitHeaders)] is not Dictionary<string, RateLimitState> states)
        {
            context.Items[typeof(RateLimitHeaders)] = states = [];
            context.Response.OnStarting(() =>
            {
                var headers = context.Response.Headers;
                headers["RateLimit-Policy"] = Join(states.Values, state => $"q={state.Limit};w=60");
                headers["RateLimit"] = Join(states.Values, state => $"r={state.Remaining};t={(int)Math.Ceiling(state.Reset.TotalSeconds)}");
                return Task.CompletedTask;
            });
        }

        states[state.Policy] = state;
    }

    private static string Join(IEnumerable<RateLimitState> states, Func<RateLimitState, string> parameters) =>
        string.Join(", ", states.Select(state => $"\"{state.Policy}\";{parameters(state)}"));
}

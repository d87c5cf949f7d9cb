using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// How long each part of a request may take, from the outside in (docs/time-budgets.md). Each is shorter than the one around it, so that
/// the innermost part that gives up is the one that answers: 503 with Retry-After, never a time-out of the gateway.
/// </summary>
public static class TimeBudgets
{
    /// <summary>What the tools of this repository wait for an answer. Clients should not wait for less.</summary>
    public static readonly TimeSpan Client = TimeSpan.FromSeconds(30);

    /// <summary>The gateway waits this long for the next byte of a service.</summary>
    public static readonly TimeSpan Gateway = TimeSpan.FromSeconds(25);

    /// <summary>A service answers a request within this time, its retries included. Streams are exempt.</summary>
    public static readonly TimeSpan Service = TimeSpan.FromSeconds(20);

    /// <summary>A call to another service, its retries included.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(15);

    /// <summary>One attempt of such a call.</summary>
    public static readonly TimeSpan CallAttempt = TimeSpan.FromSeconds(5);

    /// <summary>A request waits this long for a connection to the database, one of the pool or a new one.</summary>
    public const int ConnectionSeconds = 5;

    /// <summary>One statement.</summary>
    public const int CommandSeconds = 8;

    /// <summary>One wait for a lock.</summary>
    public const int LockMilliseconds = 3000;

    /// <summary>The number of times that a request's transaction is run again after a transient error.</summary>
    public const int Retries = 1;

    public static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>When to try again what ended with a budget. The outage may end at any moment; this spreads the attempts.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private const string TooSlow = "A server that this request needs is too slow right now. Try again.";

    internal static void AddTimeBudgets(this IServiceCollection services) => services.AddRequestTimeouts(
        timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = Service,
            WriteTimeoutResponse = context =>
            {
                // The token of the request is cancelled by now, and the response must be written nevertheless. The framework restores it.
                context.RequestAborted = CancellationToken.None;
                return Problems.Unavailable("service-unavailable", TooSlow, RetryAfter).ExecuteAsync(context);
            },
        });
}

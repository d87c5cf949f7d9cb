using Microsoft.AspNetCore.Http.Timeouts;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// The time-outs of the parts of a request (docs/time-budgets.md). Each is shorter than the one around it, so the innermost one expires
/// first: the caller gets 503 with Retry-After and never a time-out of the gateway.
/// </summary>
public static class TimeBudgets
{
    /// <summary>The time-out of this repository's tools. Clients should not use a shorter one.</summary>
    public static readonly TimeSpan Client = TimeSpan.FromSeconds(30);

    /// <summary>The time that the gateway waits for the next byte of a service.</summary>
    public static readonly TimeSpan Gateway = TimeSpan.FromSeconds(25);

    /// <summary>The time within which a service answers a request, its retries included. Streams are exempt.</summary>
    public static readonly TimeSpan Service = TimeSpan.FromSeconds(20);

    /// <summary>The time-out of a call to another service, its retries included.</summary>
    public static readonly TimeSpan Call = TimeSpan.FromSeconds(15);

    /// <summary>The time-out of one attempt of such a call.</summary>
    public static readonly TimeSpan CallAttempt = TimeSpan.FromSeconds(5);

    private const string TooSlow = "A server that this request needs is too slow right now. Try again.";

    internal static void AddTimeBudgets(this IServiceCollection services) => services.AddRequestTimeouts(
        timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = Service,
            WriteTimeoutResponse = context =>
            {
                // The request's token is cancelled at this point, and the response must still be written. The framework restores the token.
                context.RequestAborted = CancellationToken.None;
                return Problems.Unavailable("service-unavailable", TooSlow).ExecuteAsync(context);
            },
        });
}

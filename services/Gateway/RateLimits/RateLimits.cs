using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace ForgeShop.Gateway;

/// <summary>The rate limits of the gateway, in requests a minute; configuration section <c>RateLimits</c>.</summary>
public sealed class RateLimitOptions
{
    /// <summary>The limit of all requests from one address.</summary>
    [Range(1, int.MaxValue)]
    public int PerAddress { get; set; } = 3000;

    /// <summary>The limit of all requests with the tokens of one user.</summary>
    [Range(1, int.MaxValue)]
    public int PerUser { get; set; } = 600;

    /// <summary>The limit of registrations, logins and refreshes from one address.</summary>
    [Range(1, int.MaxValue)]
    public int Registrations { get; set; } = 60;
}

internal static class RateLimits
{
    /// <summary>The policy of calls that compute a password hash.</summary>
    public const string Registrations = "registrations";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddOptions<RateLimitOptions>().BindConfiguration("RateLimits").ValidateDataAnnotations().ValidateOnStart();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimitOptions>, TimeProvider>((limiter, limits, time) =>
        {
            var perAddress = PartitionedRateLimiter.Create<HttpContext, string>(
                context => PerMinute("address", ClientAddress.Of(context), limits.Value.PerAddress, time));
            var perUser = PartitionedRateLimiter.Create<HttpContext, string>(
                context => context.User.FindFirst(Caller.SubjectClaim)?.Value is { } user
                    ? PerMinute("user", user, limits.Value.PerUser, time)
                    : RateLimitPartition.GetNoLimiter(""));
            var registrations = PartitionedRateLimiter.Create<HttpContext, string>(context => PolicyOf(context) is Registrations
                ? PerMinute(Registrations, ClientAddress.Of(context), limits.Value.Registrations, time)
                : RateLimitPartition.GetNoLimiter(""));
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                new RateLimitHeaders(perAddress), new RateLimitHeaders(perUser), new RateLimitHeaders(registrations));
            // The lease of a policy's own limiter is not visible when it is acquired, so the policy only marks the calls.
            limiter.AddPolicy(Registrations, _ => RateLimitPartition.GetNoLimiter(""));
            limiter.OnRejected = RefuseAsync;
        });
    }

    private static RateLimitPartition<string> PerMinute(string policy, string caller, int permits, TimeProvider time) =>
        RateLimitPartition.Get(caller, _ => new MeasuredWindow(policy, permits, Window, time));

    private static string? PolicyOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName;

    private static async ValueTask RefuseAsync(OnRejectedContext context, CancellationToken cancellationToken)
    {
        var problem = Problems.Status(StatusCodes.Status429TooManyRequests);
        if (context.Lease.TryGetMetadata(MeasuredWindow.State, out var state))
            problem.RetryAfter = state.Reset;
        await problem.ExecuteAsync(context.HttpContext);
    }
}

using System.ComponentModel.DataAnnotations;
using System.Threading.RateLimiting;
using ForgeShop.ServiceDefaults;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;

namespace ForgeShop.Gateway;

/// <summary>How much the gateway takes, each a minute; configuration section <c>RateLimits</c>.</summary>
public sealed class RateLimitOptions
{
    /// <summary>Requests of any kind from one address.</summary>
    [Range(1, int.MaxValue)]
    public int PerAddress { get; set; } = 3000;

    /// <summary>Requests of any kind with the tokens of one user.</summary>
    [Range(1, int.MaxValue)]
    public int PerUser { get; set; } = 600;

    /// <summary>Registrations, logins and refreshes from one address.</summary>
    [Range(1, int.MaxValue)]
    public int Registrations { get; set; } = 60;
}

internal static class RateLimits
{
    /// <summary>The policy of calls that cost a password hash.</summary>
    public const string Registrations = "registrations";

    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    public static void AddRateLimits(this IServiceCollection services)
    {
        services.AddOptions<RateLimitOptions>().BindConfiguration("RateLimits").ValidateDataAnnotations().ValidateOnStart();
        services.AddRateLimiter(_ => { });
        services.AddOptions<RateLimiterOptions>().Configure<IOptions<RateLimitOptions>>((limiter, limits) =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(context => PerMinute(ClientAddress.Of(context), limits.Value.PerAddress)),
                PartitionedRateLimiter.Create<HttpContext, string>(context => User(context) is { } user
                    ? PerMinute(user, limits.Value.PerUser)
                    : RateLimitPartition.GetNoLimiter("")));
            limiter.AddPolicy(Registrations, context => PerMinute(ClientAddress.Of(context), limits.Value.Registrations));
            limiter.OnRejected = RefuseAsync;
        });
    }

    private static RateLimitPartition<string> PerMinute(string caller, int permits) =>
        RateLimitPartition.GetFixedWindowLimiter(caller, _ => new FixedWindowRateLimiterOptions { PermitLimit = permits, Window = Window });

    private static string? User(HttpContext context) => context.User.FindFirst(Caller.SubjectClaim)?.Value;

    private static async ValueTask RefuseAsync(OnRejectedContext context, CancellationToken cancellationToken)
    {
        var problem = Problems.Status(StatusCodes.Status429TooManyRequests);
        problem.RetryAfter = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var pause) ? pause : Window;
        await problem.ExecuteAsync(context.HttpContext);
    }
}

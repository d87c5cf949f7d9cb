using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults.Health;

internal static class HealthExtensions
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(5);

    public static void AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<HealthLog>();
        services.AddHealthChecks()
            .AddCheck("self", () => HealthCheckResult.Healthy(), tags: ["live"])
            .AddCheck<IdHealth>("ids");
        // The time-out bounds the probe when a dependency hangs.
        services.PostConfigure<HealthCheckServiceOptions>(options =>
        {
            foreach (var check in options.Registrations.Where(check => check.Timeout == Timeout.InfiniteTimeSpan))
                check.Timeout = CheckTimeout;
        });
    }

    /// <summary>
    /// Maps the endpoints in every environment, because orchestrators also probe in production. The answers contain nothing confidential.
    /// </summary>
    public static void MapHealth(this WebApplication app)
    {
        Map(app, "/health", _ => true);
        Map(app, "/alive", check => check.Tags.Contains("live"));
    }

    private static void Map(WebApplication app, string path, Func<HealthCheckRegistration, bool> predicate) =>
        app.MapHealthChecks(path, new HealthCheckOptions { Predicate = predicate, ResponseWriter = WriteAsync })
            .DisableRateLimiting()
            .AllowAnonymous();

    private static Task WriteAsync(HttpContext context, HealthReport report)
    {
        // Not for /alive: it runs a part of the checks only, so its result does not show that the service is healthy again.
        if (report.Entries.Any(check => !check.Value.Tags.Contains("live")))
            context.RequestServices.GetRequiredService<HealthLog>().Write(report);
        var checks = report.Entries.ToDictionary(check => check.Key, check => check.Value.Status.ToString());
        return context.Response.StatusCode == StatusCodes.Status200OK
            ? context.Response.WriteAsJsonAsync(new { status = report.Status.ToString(), checks })
            : new ProblemResult(
                StatusCodes.Status503ServiceUnavailable, "not-ready",
                "A dependency of this service does not answer, or it is still starting.")
                .With("checks", checks)
                .ExecuteAsync(context);
    }
}

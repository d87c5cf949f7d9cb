using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults;

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

    /// <summary>Maps the endpoints in every environment: orchestrators probe in production. Nothing in them is confidential.</summary>
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

/// <summary>Logs changes of the service's health. The framework would log an error for every probe of a starting service.</summary>
internal sealed partial class HealthLog(ILogger<HealthLog> logger)
{
    private string _last = "";

    public void Write(HealthReport report)
    {
        var ailing = string.Join(
            ", ",
            report.Entries.Where(check => check.Value.Status != HealthStatus.Healthy).Select(check => $"{check.Key} {check.Value.Status}"));
        if (Interlocked.Exchange(ref _last, ailing) == ailing)
            return;
        if (ailing.Length == 0)
            LogHealthy(logger);
        else
            LogAiling(logger, ailing, report.Entries.Values.Select(check => check.Exception).FirstOrDefault(error => error is not null));
    }

    [LoggerMessage(LogLevel.Information, "Service healthy again")]
    private static partial void LogHealthy(ILogger logger);

    [LoggerMessage(LogLevel.Warning, "Service not healthy: {Checks}")]
    private static partial void LogAiling(ILogger logger, string checks, Exception? exception);
}

/// <summary>Reports Degraded for a time after an ID mismatch. The service still serves; the error log names the ID.</summary>
internal sealed class IdHealth(IdTracking tracking, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(tracking.LatestMismatchAt is { } latest && time.GetUtcNow() - latest < Window
            ? HealthCheckResult.Degraded($"The latest ID mismatch was at {latest:O}.")
            : HealthCheckResult.Healthy());
}

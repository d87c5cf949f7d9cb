using ForgeShop.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults.Health;

/// <summary>
/// Reports Degraded for a time after an ID that is not the one of its natural key. The service still serves its requests; the error log
/// names the ID.
/// </summary>
internal sealed class IdHealth(IdTracking tracking, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(15);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(tracking.LatestMismatchAt is { } latest && time.GetUtcNow() - latest < Window
            ? HealthCheckResult.Degraded($"The latest ID mismatch was at {latest:O}.")
            : HealthCheckResult.Healthy());
}

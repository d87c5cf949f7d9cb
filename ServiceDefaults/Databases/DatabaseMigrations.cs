using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>Which databases this service still has to bring up to date before it can work.</summary>
internal sealed class DatabaseMigrations
{
    private readonly ConcurrentDictionary<string, bool> _finished = new();

    public bool AllFinished => _finished.Values.All(finished => finished);

    public void Expect(string context) => _finished[context] = false;

    public void Finished(string context) => _finished[context] = true;
}

internal sealed class MigrationsHealth(DatabaseMigrations migrations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(migrations.AllFinished ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}

using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>Which databases this service still has to bring up to date before it can work.</summary>
internal sealed class DatabaseMigrations
{
    private readonly ConcurrentDictionary<string, bool> _finished = new();
    private readonly TaskCompletionSource _allFinished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool AllFinished => _finished.Values.All(finished => finished);

    public void Expect(string context) => _finished[context] = false;

    public void Finished(string context)
    {
        _finished[context] = true;
        if (AllFinished)
            _allFinished.TrySetResult();
    }

    public Task WaitAsync(CancellationToken cancellationToken) => AllFinished ? Task.CompletedTask : _allFinished.Task.WaitAsync(cancellationToken);
}

internal sealed class MigrationsHealth(DatabaseMigrations migrations) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(migrations.AllFinished ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
}

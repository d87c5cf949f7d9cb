using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.ServiceDefaults;

/// <summary>The databases whose migrations have to finish before the service serves requests and handles messages.</summary>
public sealed class DatabaseMigrations
{
    private readonly ConcurrentDictionary<string, bool> _finished = new();
    private readonly TaskCompletionSource _allFinished = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool AllFinished => _finished.Values.All(finished => finished);

    internal void Expect(string context) => _finished[context] = false;

    internal void Finished(string context)
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

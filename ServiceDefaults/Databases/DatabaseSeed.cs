using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>Adds a service's first rows at start; <c>/health</c> reports healthy only afterwards.</summary>
internal sealed class DatabaseSeed(Func<IServiceProvider, CancellationToken, Task> seed, IServiceProvider services)
    : BackgroundService, IHealthCheck
{
    private volatile bool _isDone;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_isDone ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The first rows are not stored yet."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await DatabaseRetries.ExecuteAsync(services, async token =>
        {
            await using var scope = services.CreateAsyncScope();
            await seed(scope.ServiceProvider, token);
        }, stoppingToken);
        _isDone = true;
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Documents;

/// <summary>Creates all collections when the program starts, and keeps trying while the store is not there yet.</summary>
internal sealed class DocumentSetup(IEnumerable<IDocumentCollection> collections, ILogger<DocumentSetup> logger) : BackgroundService
{
    private static readonly TimeSpan MaximumDelay = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var delay = TimeSpan.FromMilliseconds(250); ;)
        {
            try
            {
                foreach (var collection in collections)
                    await collection.EnsureCreatedAsync(stoppingToken);
                return;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // It never gives up while the program runs: /health says that it is not ready, and why.
                logger.LogWarning(exception, "The document collections could not be created; trying again in {Delay}", delay);
            }
            await Task.Delay(delay, stoppingToken);
            delay = delay * 2 < MaximumDelay ? delay * 2 : MaximumDelay;
        }
    }
}

/// <summary>Healthy when the store answers and all collections exist.</summary>
internal sealed class DocumentsHealthCheck(IDocumentStore store, IEnumerable<IDocumentCollection> collections) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await store.PingAsync(patience.Token);
            foreach (var collection in collections)
                await collection.EnsureCreatedAsync(patience.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new(context.Registration.FailureStatus, "The document store does not answer, or its collections could not be created.", exception);
        }
    }
}

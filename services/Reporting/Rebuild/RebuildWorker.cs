using ForgeShop.ServiceDefaults;

namespace ForgeShop.Reporting.Rebuild;

/// <summary>Runs rebuilds: at once where this replica got the request, else within the poll interval.</summary>
public sealed class RebuildWorker(WorkerServices services, ReadModelRebuild rebuild) : PollingWorker(services)
{
    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(5);

    protected override Task<bool> WorkAsync(CancellationToken cancellationToken) => rebuild.RunAsync(cancellationToken);
}

using Microsoft.Extensions.Options;

namespace ForgeShop.Reporting;

/// <summary>Runs sweeps: at once in the replica that got the request, otherwise within the poll interval.</summary>
internal sealed class AuditWorker(WorkerServices services, AuditSweep sweep) : PollingWorker(services)
{
    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(5);

    protected override Task<bool> WorkAsync(CancellationToken cancellationToken) => sweep.RunAsync(cancellationToken);
}

internal static class AuditRegistration
{
    /// <summary>Adds Reporting's own stores to the audit, and the auditor.</summary>
    public static IHostApplicationBuilder AddAuditor(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddReportingAudit();
        services.AddFold(CustomerSpending.Projection, model => model.Spending);
        services.AddFold(SalesDay.Projection, model => model.SalesDays);
        services.AddFold(ProductSales.Projection, model => model.Products);
        services.AddOptions<AuditOptions>().BindConfiguration("Audit").ValidateDataAnnotations().ValidateOnStart();
        services.AddHttpClient<AuditClient>().AddServiceToken();
        services.AddSingleton(provider => new AuditedServices(
            provider.GetRequiredService<AuditClient>(), provider.GetServices<AuditedStore>(),
            provider.GetRequiredService<IOptions<AuditOptions>>()));
        services.AddSingleton<AuditRuns>();
        services.AddSingleton<AuditMetrics>();
        services.AddSingleton<ConsumerProgress>();
        services.AddSingleton<AuditSettlement>();
        services.AddSingleton<AuditPace>();
        services.AddSingleton<AuditInquiry>();
        services.AddSingleton<AuditRepairer>();
        services.AddSingleton<AuditSweep>();
        services.AddSingleton<EntityAudit>();
        services.AddPollingWorker<AuditWorker>();
        return builder;
    }
}

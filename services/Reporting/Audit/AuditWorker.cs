namespace ForgeShop.Reporting;

/// <summary>Runs sweeps: at once in the replica that got the request, otherwise within the poll interval.</summary>
internal sealed class AuditWorker(WorkerServices services, AuditRuns runs, AuditSweep sweep) : PollingWorker(services)
{
    private readonly Guid _replica = Guid.NewGuid();

    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(5);

    /// <summary>Continues the sweep that is requested, unless another replica runs it.</summary>
    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        var read = await runs.ReadAsync(cancellationToken);
        if (read is not { Value.Status: AuditStatus.Running })
            return false;
        if (read.Value.Replica != _replica && read.Value.LeasedUntil > Time.GetUtcNow())
            return false;
        var progress = new AuditProgress(runs, read, _replica, Time);
        try
        {
            await sweep.RunAsync(progress, cancellationToken);
        }
        catch (AuditLeaseLostException)
        {
            return false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failed = progress.Run with { Error = exception.Message };
            if (!IsTransient(exception))
                failed = failed with { Status = AuditStatus.Failed, FinishedAt = Time.GetUtcNow() };
            await progress.SaveAsync(failed, cancellationToken);
            throw;
        }
        return false;
    }

    private static bool IsTransient(Exception exception) =>
        DocumentStoreErrors.IsTransient(exception) || exception is HttpRequestException or TimeoutException
            or OperationCanceledException or Confluent.Kafka.KafkaException or Polly.ExecutionRejectedException;
}

internal static class AuditRegistration
{
    /// <summary>Adds Reporting's own stores to the audit, and the auditor.</summary>
    public static void AddAuditor(this IServiceCollection services)
    {
        services.AddReportingAudit();
        services.AddOptions<AuditOptions>().BindConfiguration("Audit").ValidateDataAnnotations().ValidateOnStart();
        services.AddHttpClient<AuditClient>().AddServiceToken();
        services.AddSingleton<AuditedServices>();
        services.AddSingleton<AuditRuns>();
        services.AddSingleton<AuditSettlement>();
        services.AddSingleton<AuditPace>();
        services.AddSingleton<AuditInquiry>();
        services.AddSingleton<AuditRepairer>();
        services.AddSingleton<AuditSweep>();
        services.AddSingleton<EntityAudit>();
        services.AddPollingWorker<AuditWorker>();
    }
}

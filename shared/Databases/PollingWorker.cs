using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ForgeShop.Databases;

/// <summary>
/// Handles due rows. A due time in a row survives a restart of the process; a timer does not. The worker polls or is woken, and backs off
/// while its database does not answer. Replicas share the work by claiming rows.
/// </summary>
public abstract partial class PollingWorker(WorkerServices services) : BackgroundService
{
    private readonly WakeUp _wakeUp = new();

    protected TimeProvider Time => services.Time;

    protected IServiceScopeFactory Scopes => services.Scopes;

    protected ILogger Logger => field ??= services.Loggers.CreateLogger(GetType());

    protected virtual TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    /// <summary>Gets the backoff after the first failure; it doubles with each further one, with jitter.</summary>
    protected virtual TimeSpan MinBackoff => TimeSpan.FromMilliseconds(250);

    /// <summary>Gets the maximum backoff.</summary>
    protected virtual TimeSpan MaxBackoff => TimeSpan.FromSeconds(10);

    public void Wake() => _wakeUp.Set();

    /// <returns>True if more rows may be due.</returns>
    protected abstract Task<bool> WorkAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                if (!await WorkAsync(stoppingToken))
                    await _wakeUp.WaitAsync(PollInterval, Time, stoppingToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                failures++;
                var pause = Backoff.After(failures, MinBackoff, MaxBackoff);
                LogFailure(Logger, failures, pause, error);
                await Task.Delay(pause, Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Background job failed ({Failures} in a row); retrying in {Delay}")]
    private static partial void LogFailure(ILogger logger, int failures, TimeSpan delay, Exception error);
}

public sealed record WorkerServices(IServiceScopeFactory Scopes, TimeProvider Time, ILoggerFactory Loggers);

public static class PollingWorkerExtensions
{
    /// <summary>Registers the worker as a hosted service and as a singleton, so that other code can wake it.</summary>
    public static IServiceCollection AddPollingWorker<TWorker>(this IServiceCollection services) where TWorker : PollingWorker
    {
        services.TryAddSingleton<WorkerServices>();
        return services.AddSingleton<TWorker>().AddHostedService(provider => provider.GetRequiredService<TWorker>());
    }
}

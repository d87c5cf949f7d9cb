using System.Threading.Channels;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults;

/// <summary>
/// Works off rows that have become due: a timer that survives its process, since it is a row and not a task. Looks for them again and again, at once where
/// somebody wakes it, and waits with growing pauses for a database that is not there. Replicas share the work by claiming rows.
/// </summary>
public abstract partial class PollingWorker(WorkerServices services) : BackgroundService
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected TimeProvider Time => services.Time;

    protected IServiceScopeFactory Scopes => services.Scopes;

    protected ILogger Logger => field ??= services.Loggers.CreateLogger(GetType());

    /// <summary>How often to look although nobody woke it.</summary>
    protected virtual TimeSpan PollInterval => TimeSpan.FromSeconds(1);

    /// <summary>Something may be due now. Costs nothing, and may be called by anybody at any time.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Does what is due.</summary>
    /// <returns>Whether more may be due already.</returns>
    protected abstract Task<bool> WorkAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            try
            {
                if (!await WorkAsync(stoppingToken))
                    await WaitAsync(stoppingToken);
                failures = 0;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                failures++;
                var pause = Backoff.After(failures, FirstPause, LongestPause);
                LogFailure(Logger, failures, pause, error);
                await Task.Delay(pause, Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var poll = new CancellationTokenSource(PollInterval, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, poll.Token);
        try
        {
            await _wake.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // Nobody called: the usual case.
        }
    }

    [LoggerMessage(LogLevel.Warning, "What is due cannot be done right now (failure {Failures}); next attempt in {Pause}")]
    private static partial void LogFailure(ILogger logger, int failures, TimeSpan pause, Exception error);
}

/// <summary>The services that every <see cref="PollingWorker"/> uses.</summary>
public sealed record WorkerServices(IServiceScopeFactory Scopes, TimeProvider Time, ILoggerFactory Loggers);

public static class PollingWorkerExtensions
{
    /// <summary>Runs the worker with the service; it can be asked for to wake it.</summary>
    public static IServiceCollection AddPollingWorker<TWorker>(this IServiceCollection services) where TWorker : PollingWorker =>
        services.AddSingleton<TWorker>().AddHostedService(provider => provider.GetRequiredService<TWorker>());
}

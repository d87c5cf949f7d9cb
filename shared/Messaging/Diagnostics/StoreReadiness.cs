using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging;

/// <summary>A service that starts has no database yet, or not its tables: they are about to come, and nobody needs to be alarmed.</summary>
internal static class StoreReadiness
{
    private const int AttemptsInSilence = 6;

    private static readonly TimeSpan MaxPause = TimeSpan.FromSeconds(2);

    /// <summary>Returns when <paramref name="probe"/> succeeds, or when the service stops.</summary>
    public static async Task WaitAsync(
        string what, Func<CancellationToken, Task> probe, MessagingOptions options, TimeProvider time, ILogger logger, CancellationToken stoppingToken)
    {
        for (var failures = 1; !stoppingToken.IsCancellationRequested; failures++)
        {
            try
            {
                await probe(stoppingToken);
                return;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.Log(failures <= AttemptsInSilence ? LogLevel.Debug : LogLevel.Warning, "The {Store} is not ready yet: {Reason}", what, exception.Message);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            await Task.Delay(Backoff.After(failures, options.MinBackoff, MaxPause), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.Messaging.Kafka;

/// <summary>Consumes what the service subscribes to, with one Kafka consumer after the other.</summary>
internal sealed class EventConsumer(ConsumerParts parts) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield(); // The start of the service does not wait for Kafka.
        var options = parts.Options.Value;
        // Whoever cannot store an effect need not join the group.
        await StoreReadiness.WaitAsync("inbox", token => parts.Inbox.LoadPositionsAsync([], token), options, parts.Time, parts.Logger, stoppingToken);
        for (var failures = 0; !stoppingToken.IsCancellationRequested;)
        {
            var started = parts.Time.GetTimestamp();
            Exception? error = null;
            string? reason = null;
            try
            {
                var session = new ConsumerSession(parts, stoppingToken);
                reason = await Task.Factory.StartNew(session.Run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                error = exception;
            }
            if (stoppingToken.IsCancellationRequested)
                return;

            // One that lived for a while is no sign of a lasting trouble.
            failures = parts.Time.GetElapsedTime(started) > options.MaxBackoff ? 1 : failures + 1;
            var pause = Backoff.After(failures, options.MinBackoff, options.MaxBackoff);
            parts.Logger.LogWarning(error, "The Kafka consumer ended ({Reason}) and is replaced in {Pause}", reason ?? error?.Message, pause);
            await Task.Delay(pause, parts.Time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}

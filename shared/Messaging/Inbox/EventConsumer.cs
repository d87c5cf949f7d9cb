using ForgeShop.Messaging.Kafka;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging;

/// <summary>What all consumers of the service use.</summary>
internal sealed record ConsumerServices(
    KafkaSettings Kafka, TopicProvisioner Topics, Subscriptions Subscriptions, MessageReader Reader, IBatchProcessor Processor, DeadLetters DeadLetters,
    DatabaseMigrations Migrations, MessagingHealth Health, MessagingMetrics Metrics, IOptions<MessagingOptions> Options, TimeProvider Time,
    ILogger<EventConsumer> Logger);

/// <summary>Runs one consumer of the group, and replaces it after an error that the Kafka client does not recover from.</summary>
internal sealed partial class EventConsumer(ConsumerServices services) : BackgroundService
{
    private readonly ILogger _logger = services.Logger;

    // Consume blocks, so each consumer has a thread of its own.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.Factory.StartNew(() => Run(stoppingToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Run(CancellationToken stoppingToken)
    {
        for (var failures = 1; !stoppingToken.IsCancellationRequested; failures++)
        {
            try
            {
                services.Migrations.WaitAsync(stoppingToken).GetAwaiter().GetResult();
                services.Topics.EnsureAsync(stoppingToken).GetAwaiter().GetResult();
                using var session = new ConsumerSession(services, stoppingToken);
                session.Run(() => failures = 1);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                var delay = Backoff.After(failures, services.Options.Value.MinBackoff, services.Options.Value.MaxBackoff);
                LogReplaced(failures, delay, exception);
                stoppingToken.WaitHandle.WaitOne(delay);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "The consumer failed (attempt {Attempt}); replacing it in {Delay}")]
    private partial void LogReplaced(int attempt, TimeSpan delay, Exception exception);
}

using System.Collections.Concurrent;

namespace ForgeShop.Messaging;

internal enum KafkaClient
{
    Admin,
    Relay,
    Consumer,
}

/// <summary>The last error of each Kafka client, and the number of partitions that wait for a retry.</summary>
internal sealed class MessagingHealth
{
    private readonly ConcurrentDictionary<KafkaClient, string> _errors = new();
    private int _waitingPartitions;

    public IReadOnlyDictionary<KafkaClient, string> Errors => _errors;

    public int WaitingPartitions
    {
        get => Volatile.Read(ref _waitingPartitions);
        set => Volatile.Write(ref _waitingPartitions, value);
    }

    public void Report(KafkaClient client, string error) => _errors[client] = error;

    public void Clear(KafkaClient client) => _errors.TryRemove(client, out _);
}

/// <summary>
/// Reports Degraded, never Unhealthy: without Kafka the service still serves its requests, and its messages wait in the outbox. Taking it out of service would
/// turn a delay into an outage.
/// </summary>
internal sealed class MessagingHealthCheck(
    MessagingHealth health, TopicProvisioner kafka, MessagingMetrics metrics, IOptions<MessagingOptions> options, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await ProbeAsync(cancellationToken);
        List<string> problems = [.. health.Errors.Select(error => $"{error.Key}: {error.Value}")];
        if (metrics.Outbox is { OldestAt: { } oldest } outbox && time.GetUtcNow() - oldest > options.Value.MaxOutboxAge)
            problems.Add($"{outbox.Pending} messages wait in the outbox, the oldest since {oldest:O}");
        if (health.WaitingPartitions is var waiting and > 0)
            problems.Add($"{waiting} partitions wait for a retry");
        return problems.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", problems));
    }

    /// <summary>An error says that Kafka was away. A client that has nothing to do does not notice that it is back.</summary>
    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (health.Errors.Count == 0)
            return;
        try
        {
            await kafka.ClusterIdAsync(cancellationToken).WaitAsync(ProbeTimeout, time, cancellationToken);
            foreach (var client in Enum.GetValues<KafkaClient>())
                health.Clear(client);
        }
        catch (Exception exception) when (exception is KafkaException or TimeoutException)
        {
            health.Report(KafkaClient.Admin, exception.Message);
        }
    }
}

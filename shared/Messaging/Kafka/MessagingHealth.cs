namespace ForgeShop.Messaging;

/// <summary>
/// Reports Degraded, never Unhealthy: without Kafka the service still serves its requests, and its messages wait in the outbox. Taking it
/// out of service would turn a delay into an outage.
/// </summary>
internal sealed class MessagingHealth(TopicProvisioner kafka, MessagingMetrics metrics, IOptions<MessagingOptions> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var problems = new List<string>();
        if (!await kafka.AnswersAsync(cancellationToken))
            problems.Add("Kafka does not answer");
        if (metrics.OutboxAge > options.Value.MaxOutboxAge)
            problems.Add($"{metrics.Outbox?.Pending} messages wait in the outbox, the oldest since {metrics.Outbox?.OldestAt:O}");
        if (metrics.WaitingPartitions > 0)
            problems.Add($"{metrics.WaitingPartitions} partitions wait for a retry");
        return problems.Count == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", problems));
    }
}

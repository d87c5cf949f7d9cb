using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging.Kafka;

internal enum KafkaRole
{
    Relay,
    Consumer,
}

/// <summary>What relay and consumer last heard of Kafka.</summary>
internal sealed class KafkaStatus
{
    private readonly ConcurrentDictionary<KafkaRole, string> _troubles = new();

    public IReadOnlyDictionary<KafkaRole, string> Troubles => _troubles;

    public void Answers(KafkaRole role) => _troubles.TryRemove(role, out _);

    public void DoesNotAnswer(KafkaRole role, string reason) => _troubles[role] = reason;
}

/// <summary>
/// Never unhealthy: without Kafka the service still serves its requests, and its events wait in the outbox. Taking it out of service would
/// turn a delay into an outage.
/// </summary>
internal sealed class KafkaHealthCheck(KafkaStatus status, LogProbe probe) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var troubles = status.Troubles.ToList();
        if (troubles.Count == 0)
            return HealthCheckResult.Healthy();
        // A connection that was closed shows; one that is back shows only when it is used, and there may be nothing to use it for.
        if (await probe.AnswersAsync(cancellationToken))
        {
            foreach (var (role, _) in troubles)
                status.Answers(role);
            return HealthCheckResult.Healthy();
        }
        return HealthCheckResult.Degraded("Kafka does not answer; events wait. " + string.Join("; ", troubles.Select(trouble => $"{trouble.Key}: {trouble.Value}")));
    }
}

using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace ForgeShop.Messaging;

/// <summary>Degraded while events wait for an operator. Never unhealthy: everything else goes on.</summary>
internal sealed class InboxHealthCheck(MessagingMetrics metrics) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(metrics.Inbox is { DeadKeys: > 0 } inbox
            ? HealthCheckResult.Degraded($"{inbox.DeadKeys} aggregates stand before a dead letter, with {inbox.Events} events behind: ./forge dlq")
            : HealthCheckResult.Healthy());
}

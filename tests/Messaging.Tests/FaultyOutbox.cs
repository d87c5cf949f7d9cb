using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>The service's outbox, except that it waits or fails where a test says so.</summary>
/// <param name="inner">The real one.</param>
/// <param name="failsToMark">Whether to end before what Kafka acknowledged is marked: what a kill at that moment looks like to everybody else.</param>
/// <param name="beforeClaim">What to wait for before the next batch is claimed, and after everything was verified.</param>
internal sealed class FaultyOutbox(IOutboxStore inner, Func<bool> failsToMark, Func<Task> beforeClaim) : IOutboxStore
{
    public static void Install(IServiceCollection services, Func<bool> failsToMark) => Install(services, failsToMark, () => Task.CompletedTask);

    public static void Install(IServiceCollection services, Func<bool> failsToMark, Func<Task> beforeClaim)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IOutboxStore));
        services.Remove(registered);
        services.AddSingleton<IOutboxStore>(provider => new FaultyOutbox(
            (IOutboxStore)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!), failsToMark, beforeClaim));
    }

    public async Task<IOutboxBatch> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        await beforeClaim().WaitAsync(cancellationToken);
        return new Batch(await inner.ClaimAsync(limit, cancellationToken), failsToMark);
    }

    public Task<IReadOnlyList<LogAnchor>> GetAnchorsAsync(CancellationToken cancellationToken) => inner.GetAnchorsAsync(cancellationToken);

    public Task<long> RequeueAsync(IReadOnlyCollection<(string Topic, int Partition)> partitions, CancellationToken cancellationToken) =>
        inner.RequeueAsync(partitions, cancellationToken);

    public Task<long> ReplayAsync(DateTimeOffset since, CancellationToken cancellationToken) => inner.ReplayAsync(since, cancellationToken);

    public Task<int> CleanUpAsync(DateTimeOffset publishedBefore, int limit, CancellationToken cancellationToken) => inner.CleanUpAsync(publishedBefore, limit, cancellationToken);

    public Task<OutboxDepth> MeasureAsync(CancellationToken cancellationToken) => inner.MeasureAsync(cancellationToken);

    private sealed class Batch(IOutboxBatch inner, Func<bool> failsToMark) : IOutboxBatch
    {
        public IReadOnlyList<OutboxMessage> Messages => inner.Messages;

        public bool SawAll => inner.SawAll;

        public Task CompleteAsync(IReadOnlyCollection<(string Topic, int Partition)> lost, CancellationToken cancellationToken) =>
            failsToMark() ? throw new IOException("The test ends the relay here.") : inner.CompleteAsync(lost, cancellationToken);

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

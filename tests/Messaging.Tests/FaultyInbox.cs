using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>The service's inbox, but as of a service that is killed before it stores a position: whoever comes next reads everything again.</summary>
internal sealed class FaultyInbox(IInboxStore inner) : IInboxStore
{
    public static void Install(IServiceCollection services)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IInboxStore));
        services.Remove(registered);
        services.AddSingleton<IInboxStore>(provider => new FaultyInbox((IInboxStore)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)));
    }

    public Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken) =>
        inner.HandleAsync(received, handle, cancellationToken);

    public Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken) => inner.NextAsync(stream, cancellationToken);

    public Task StopBeforeAsync(StreamKey stream, int partition, long sequence, CancellationToken cancellationToken) =>
        inner.StopBeforeAsync(stream, partition, sequence, cancellationToken);

    public Task GiveUpAsync(StreamKey stream, int partition, long upTo, CancellationToken cancellationToken) => inner.GiveUpAsync(stream, partition, upTo, cancellationToken);

    public Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(IReadOnlyCollection<TopicPartition> partitions, int limit, CancellationToken cancellationToken) =>
        inner.FindWaitingAsync(partitions, limit, cancellationToken);

    public Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken) => inner.MeasureAsync(cancellationToken);

    public Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken) =>
        inner.LoadPositionsAsync(partitions, cancellationToken);

    public Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken) => inner.IsStoreTroubleAsync(exception, cancellationToken);
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>The service's inbox with a defect.</summary>
/// <param name="inner">The inbox as it is.</param>
/// <param name="saves">If not: as of a service that is killed before it stores a position, so that whoever comes next reads everything again.</param>
/// <param name="firstLoad">What happens when the positions of partitions are asked for the first time.</param>
internal sealed class FaultyInbox(IInboxStore inner, bool saves, Exception? firstLoad) : IInboxStore
{
    private Exception? _firstLoad = firstLoad;

    public static Action<IServiceCollection> ThatSavesNothing => services => Install(services, saves: false, null);

    public static Action<IServiceCollection> WhoseFirstLoadFails(Exception exception) => services => Install(services, saves: true, exception);

    private static void Install(IServiceCollection services, bool saves, Exception? firstLoad)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IInboxStore));
        services.Remove(registered);
        services.AddSingleton<IInboxStore>(provider => new FaultyInbox((IInboxStore)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!), saves, firstLoad));
    }

    public Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken) =>
        saves ? inner.SavePositionsAsync(positions, cancellationToken) : Task.CompletedTask;

    public Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken) =>
        inner.HandleAsync(received, handle, cancellationToken);

    public Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken) => inner.NextAsync(stream, cancellationToken);

    public Task StopBeforeAsync(StreamKey stream, int partition, long sequence, long? handled, CancellationToken cancellationToken) =>
        inner.StopBeforeAsync(stream, partition, sequence, handled, cancellationToken);

    public Task GiveUpAsync(StreamKey stream, int partition, long upTo, CancellationToken cancellationToken) => inner.GiveUpAsync(stream, partition, upTo, cancellationToken);

    public Task<IReadOnlyList<WaitingStream>> FindWaitingAsync(IReadOnlyCollection<TopicPartition> partitions, int limit, CancellationToken cancellationToken) =>
        inner.FindWaitingAsync(partitions, limit, cancellationToken);

    public Task<InboxDepth> MeasureAsync(CancellationToken cancellationToken) => inner.MeasureAsync(cancellationToken);

    public Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken) =>
        partitions.Count > 0 && Interlocked.Exchange(ref _firstLoad, null) is { } failure
            ? Task.FromException<IReadOnlyList<LogAnchor>>(failure)
            : inner.LoadPositionsAsync(partitions, cancellationToken);

    public Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken) => inner.IsStoreTroubleAsync(exception, cancellationToken);
}

using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Tests;

/// <summary>The service's inbox with a defect.</summary>
/// <param name="inner">The inbox as it is.</param>
/// <param name="saves">If not: as of a service that is killed before it stores a position, so that whoever comes next reads everything again.</param>
/// <param name="firstLoad">What happens when the positions of partitions are asked for the first time.</param>
/// <param name="begin">How it lets a stream begin, given how it really does.</param>
internal sealed class FaultyInbox(IInboxStore inner, bool saves = true, Exception? firstLoad = null, Func<StreamKey, Func<Task>, Task>? begin = null) : IInboxStore
{
    private Exception? _firstLoad = firstLoad;

    public static Action<IServiceCollection> ThatSavesNothing => Install(inner => new(inner, saves: false));

    public static Action<IServiceCollection> WhoseFirstLoadFails(Exception exception) => Install(inner => new(inner, firstLoad: exception));

    public static Action<IServiceCollection> WhoseStreamsBegin(Func<StreamKey, Func<Task>, Task> begin) => Install(inner => new(inner, begin: begin));

    private static Action<IServiceCollection> Install(Func<IInboxStore, FaultyInbox> create) => services =>
    {
        var registered = services.Last(service => service.ServiceType == typeof(IInboxStore));
        services.Remove(registered);
        services.AddSingleton<IInboxStore>(provider => create((IInboxStore)ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!)));
    };

    public Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken) =>
        saves ? inner.SavePositionsAsync(positions, cancellationToken) : Task.CompletedTask;

    public Task<InboxResult> HandleAsync(ReceivedEvent received, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken) =>
        inner.HandleAsync(received, handle, cancellationToken);

    public Task<ParkedMessage?> NextAsync(StreamKey stream, CancellationToken cancellationToken) => inner.NextAsync(stream, cancellationToken);

    public Task StopBeforeAsync(StreamKey stream, int partition, long sequence, long? handled, CancellationToken cancellationToken) =>
        inner.StopBeforeAsync(stream, partition, sequence, handled, cancellationToken);

    public Task BeginAsync(StreamKey stream, CancellationToken cancellationToken) =>
        begin is null ? inner.BeginAsync(stream, cancellationToken) : begin(stream, () => inner.BeginAsync(stream, cancellationToken));

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

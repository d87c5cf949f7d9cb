using Confluent.Kafka;
using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging;

/// <summary>Where effects of events are stored, and with them how far this service has read.</summary>
internal interface IInboxStore
{
    /// <summary>Runs <paramref name="handle"/> so that the effect happens once, however often the event arrives.</summary>
    /// <returns>False if the event was handled earlier.</returns>
    Task<bool> HandleAsync(EventContext context, Func<IServiceProvider, CancellationToken, Task> handle, CancellationToken cancellationToken);

    /// <summary>The last message of each partition up to which everything was handled, where there is one.</summary>
    Task<IReadOnlyList<LogAnchor>> LoadPositionsAsync(IReadOnlyCollection<TopicPartition> partitions, CancellationToken cancellationToken);

    Task SavePositionsAsync(IReadOnlyCollection<LogAnchor> positions, CancellationToken cancellationToken);

    /// <summary>Whether <paramref name="exception"/> says that the store cannot be reached or is not ready: no message's fault.</summary>
    Task<bool> IsStoreTroubleAsync(Exception exception, CancellationToken cancellationToken);
}

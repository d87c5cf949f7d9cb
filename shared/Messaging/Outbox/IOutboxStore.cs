using ForgeShop.Messaging.Kafka;

namespace ForgeShop.Messaging;

/// <summary>Where the relay finds what is to be published: a table, or inside documents.</summary>
internal interface IOutboxStore
{
    /// <summary>
    /// Pending events that are due, in order, such that no other relay publishes later events of the same aggregates meanwhile, and none whose
    /// aggregate has an earlier event that waits for its next attempt.
    /// </summary>
    Task<IOutboxBatch> ClaimAsync(int limit, CancellationToken cancellationToken);

    /// <summary>For every partition that something was published to: the published event with the highest offset.</summary>
    Task<IReadOnlyList<LogAnchor>> GetAnchorsAsync(CancellationToken cancellationToken);

    /// <summary>Makes everything pending again that was published to these partitions.</summary>
    /// <returns>How many events.</returns>
    Task<long> RequeueAsync(IReadOnlyCollection<(string Topic, int Partition)> partitions, CancellationToken cancellationToken);

    /// <summary>Makes pending again what was published, or given up, and happened since then: consumers get it once more, and drop what they had.</summary>
    /// <returns>How many events.</returns>
    Task<long> ReplayAsync(DateTimeOffset since, CancellationToken cancellationToken);

    /// <summary>
    /// Removes events that were published before, at most <paramref name="limit"/>. The last of each partition stays: by it the relay recognises
    /// the log.
    /// </summary>
    /// <returns>How many were removed.</returns>
    Task<int> CleanUpAsync(DateTimeOffset publishedBefore, int limit, CancellationToken cancellationToken);

    Task<OutboxDepth> MeasureAsync(CancellationToken cancellationToken);
}

/// <summary>Claimed events; disposing of it gives them free, published or not.</summary>
internal interface IOutboxBatch : IAsyncDisposable
{
    IReadOnlyList<OutboxMessage> Messages { get; }

    /// <summary>Whether everything pending was in reach: another relay may just hold some of it.</summary>
    bool SawAll { get; }

    /// <summary>
    /// Stores what became of <see cref="Messages"/>: status, position, attempts are set in them already. Before that it makes everything else
    /// pending again that was published to <paramref name="lost"/>: were it after, a crash in between would forget that something is missing.
    /// </summary>
    Task CompleteAsync(IReadOnlyCollection<(string Topic, int Partition)> lost, CancellationToken cancellationToken);
}

/// <summary>How much waits to be published, and since when.</summary>
/// <param name="Pending">Events that wait.</param>
/// <param name="OldestSince">When the oldest of them happened.</param>
internal sealed record OutboxDepth(long Pending, DateTimeOffset? OldestSince);

using ForgeShop.Documents;
using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.Options;

namespace ForgeShop.Messaging;

/// <summary>
/// The outbox inside documents. Nothing is locked: two relays may publish the same events at the same time, each in their order, and
/// consumers drop the second copy. What became of them is merged into the document by its version, so that no write of the service is undone.
/// </summary>
internal sealed class DocumentOutboxStore<TDocument>(IDocumentCollection<TDocument> documents, IOptions<MessagingOptions> options, TimeProvider time) : IOutboxStore
    where TDocument : class, IEventDocument
{
    private const int ConcurrentWrites = 8;

    public async Task<IOutboxBatch> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // Half a range excludes its end, and the field has whole milliseconds.
        var due = new DocumentQuery<TDocument>().Below(EventFields.Due<TDocument>(), now.AddMilliseconds(1)).OrderBy(EventFields.Due<TDocument>());
        var page = await documents.QueryAsync(due.Page(null, Math.Min(limit, DocumentQuery<TDocument>.MaximumLimit)), cancellationToken);
        return new Batch(this, [.. page.Items.Select(document => (document.Id, DueMessages(document.Value, now)))]);
    }

    /// <summary>From the first pending event on, as long as they are due: none overtakes one that waits.</summary>
    private static List<OutboxMessage> DueMessages(TDocument document, DateTimeOffset now) =>
        [.. document.Events.Where(message => message.Status == OutboxStatus.Pending).TakeWhile(message => message.NextAttemptAt <= now.AddMilliseconds(1))];

    public async Task<IReadOnlyList<LogAnchor>> GetAnchorsAsync(CancellationToken cancellationToken)
    {
        var anchors = new List<LogAnchor>();
        // From the last partition to the first: the highest position of each, then what lies below the partition's start.
        for (var query = ByPosition(); await First(query, cancellationToken) is { } document; query = ByPosition().Below(EventFields.Position<TDocument>(), Start(anchors[^1])))
        {
            var last = document.Events.FindLast(message => message.Status == OutboxStatus.Published)!;
            anchors.Add(new(last.Topic, last.Partition!.Value, last.Offset!.Value, last.Id.Value));
        }
        return anchors;

        static DocumentQuery<TDocument> ByPosition() => new DocumentQuery<TDocument>().OrderByDescending(EventFields.Position<TDocument>());
        static string Start(LogAnchor anchor) => EventFields.PositionText(anchor.Topic, anchor.Partition, 0);
    }

    public async Task<long> RequeueAsync(IReadOnlyCollection<(string Topic, int Partition)> partitions, CancellationToken cancellationToken)
    {
        var requeued = 0L;
        foreach (var (topic, partition) in partitions)
            requeued += await RequeueAsync(topic, partition, long.MaxValue, message => partitions.Contains((message.Topic, message.Partition!.Value)), cancellationToken);
        return requeued;
    }

    public async Task<long> ReplayAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var replayed = 0L;
        // Up to what is there now: what a relay publishes again meanwhile lies behind it, and is not to be caught up with.
        foreach (var last in await GetAnchorsAsync(cancellationToken))
            replayed += await RequeueAsync(last.Topic, last.Partition, last.Offset + 1, message => message.OccurredAt >= since, cancellationToken);
        return replayed;
    }

    private async Task<long> RequeueAsync(string topic, int partition, long end, Predicate<OutboxMessage> which, CancellationToken cancellationToken)
    {
        var requeued = 0L;
        var query = new DocumentQuery<TDocument>()
            .AtLeast(EventFields.Position<TDocument>(), EventFields.PositionText(topic, partition, 0))
            .Below(EventFields.Position<TDocument>(), EventFields.PositionText(topic, partition, end))
            .OrderBy(EventFields.Position<TDocument>());
        string? cursor = null;
        do
        {
            var page = await documents.QueryAsync(query.Page(cursor, DocumentQuery<TDocument>.MaximumLimit), cancellationToken);
            await EachAsync(page.Items.Select(document => document.Id), async (id, token) =>
                Interlocked.Add(ref requeued, await RequeueAsync(id, which, token)), cancellationToken);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return requeued;
    }

    private async Task<long> RequeueAsync(Guid id, Predicate<OutboxMessage> which, CancellationToken cancellationToken)
    {
        var count = 0;
        await documents.UpdateAsync(id, document =>
        {
            var again = document?.Events.FindAll(message => message.Status == OutboxStatus.Published && which(message)) ?? [];
            count = again.Count;
            foreach (var message in again)
            {
                (message.Status, message.Attempts, message.NextAttemptAt) = (OutboxStatus.Pending, 0, message.OccurredAt);
                (message.PublishedAt, message.Partition, message.Offset) = (null, null, null);
            }
            return count == 0 ? null : document;
        }, cancellationToken);
        return count;
    }

    /// <summary>Nothing: an event goes when a later one of its document is published, see <see cref="MergeAsync"/>.</summary>
    public Task<int> CleanUpAsync(DateTimeOffset publishedBefore, int limit, CancellationToken cancellationToken) => Task.FromResult(0);

    /// <summary>At most a page of documents is looked at: beyond it the number is a lower bound.</summary>
    public async Task<OutboxDepth> MeasureAsync(CancellationToken cancellationToken)
    {
        var query = new DocumentQuery<TDocument>().OrderBy(EventFields.Due<TDocument>()).Page(null, DocumentQuery<TDocument>.MaximumLimit);
        var pending = (await documents.QueryAsync(query, cancellationToken)).Items
            .SelectMany(document => document.Value.Events).Where(message => message.Status == OutboxStatus.Pending).ToList();
        return new(pending.Count, pending.Count == 0 ? null : pending.Min(message => message.OccurredAt));
    }

    private async Task<TDocument?> First(DocumentQuery<TDocument> query, CancellationToken cancellationToken) =>
        (await documents.QueryAsync(query.Page(null, 1), cancellationToken)).Items is [var first, ..] ? first.Value : null;

    private static Task EachAsync<TItem>(IEnumerable<TItem> items, Func<TItem, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = ConcurrentWrites, CancellationToken = cancellationToken },
            async (item, token) => await work(item, token));

    private sealed class Batch(DocumentOutboxStore<TDocument> store, List<(Guid Id, List<OutboxMessage> Messages)> documents) : IOutboxBatch
    {
        public IReadOnlyList<OutboxMessage> Messages { get; } = [.. documents.SelectMany(document => document.Messages)];

        public bool SawAll => true;

        public async Task CompleteAsync(IReadOnlyCollection<(string Topic, int Partition)> lost, CancellationToken cancellationToken)
        {
            if (lost.Count > 0)
                await store.RequeueAsync(lost, cancellationToken);
            await EachAsync(documents, (document, token) => store.MergeAsync(document.Id, document.Messages, token), cancellationToken);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    /// <summary>The last stays, because the next one counts on from it.</summary>
    private void ForgetOld(List<OutboxMessage> events)
    {
        var publishedBefore = time.GetUtcNow() - options.Value.OutboxRetention;
        var last = events[^1];
        events.RemoveAll(message => message != last && message.Status == OutboxStatus.Published && message.PublishedAt < publishedBefore);
    }

    private Task MergeAsync(Guid id, List<OutboxMessage> outcomes, CancellationToken cancellationToken) =>
        documents.UpdateAsync(id, document =>
        {
            var merged = false;
            foreach (var outcome in outcomes)
            {
                if (document?.Events.FindIndex(message => message.Id == outcome.Id && message.Status == OutboxStatus.Pending) is not (>= 0 and var index))
                    continue;
                document.Events[index] = outcome;
                merged = true;
            }
            if (merged)
                ForgetOld(document!.Events);
            return merged ? document : null;
        }, cancellationToken);
}

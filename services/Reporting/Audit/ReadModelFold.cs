using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>Compares a read model with the event log.</summary>
internal interface IReadModelFold
{
    /// <summary>Gets the name of the read model.</summary>
    string Name { get; }

    /// <summary>Reads a range of documents in the order of their IDs, to be folded.</summary>
    /// <param name="after">The end of the range before; null for the first one.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<IFolding> OpenAsync(string? after, CancellationToken cancellationToken);

    /// <summary>Reads documents by their IDs, to be folded.</summary>
    Task<IFolding> OpenAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Returns the documents that an event touches.</summary>
    IEnumerable<Guid> DocumentsOf(RecordedEvent recorded);

    Task<IReadOnlyList<RepairedEntry>> RebuildAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Returns those of the documents that carry an ID.</summary>
    Task<IEnumerable<Guid>> FindAsync(IReadOnlyCollection<Guid> documents, Guid carried, CancellationToken cancellationToken);
}

/// <summary>Folds documents of one read model again. Memory is bounded by the size of a range.</summary>
internal sealed class ReadModelFold<T>(
    ProjectionModel<T> projection, Func<Generation, IDocumentCollection<T>> open, ReadModels models, EventLog log)
    : IReadModelFold where T : ReadModel
{
    private const int RangeSize = 5000;
    private const int MaxAttempts = 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    public string Name => projection.Model.Name;

    public IEnumerable<Guid> DocumentsOf(RecordedEvent recorded) => projection.DocumentsOf(recorded).Distinct();

    public async Task<IFolding> OpenAsync(string? after, CancellationToken cancellationToken)
    {
        var generation = await models.GetActiveAsync(cancellationToken);
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        // The end of the range before, and the store's cursor.
        var (low, cursor) = after?.Split('|') is [var id, var opaque] ? (Guid.Parse(id), opaque) : (Guid.Empty, null);
        var page = await open(generation).QueryAsync(new() { Limit = RangeSize, Cursor = cursor }, cancellationToken);
        var high = page.NextCursor is null ? Guid.AllBitsSet : page.Items[^1].Id;
        return new Folding<T>(
            projection, document => document > low && document <= high, page.Items.ToDictionary(document => document.Id), checkpoints,
            includeNewer: true, page.NextCursor is null ? null : $"{high}|{page.NextCursor}");
    }

    public async Task<IFolding> OpenAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var generation = await models.GetActiveAsync(cancellationToken);
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        var wanted = ids.ToHashSet();
        var stored = await open(generation).GetManyAsync(wanted, cancellationToken);
        return new Folding<T>(projection, wanted.Contains, stored, checkpoints, includeNewer: true);
    }

    /// <summary>
    /// Writes documents as the fold of the log up to the checkpoints, and removes those that it does not explain. A document that a
    /// consumer changes meanwhile is folded again, so that no event is lost or counted twice.
    /// </summary>
    public async Task<IReadOnlyList<RepairedEntry>> RebuildAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var (pending, rebuilt) = (ids.ToHashSet(), new List<RepairedEntry>());
        for (var attempt = 1; pending.Count > 0 && attempt <= MaxAttempts; attempt++)
        {
            if (attempt > 1)
                await Task.Delay(RetryDelay, cancellationToken);
            var generation = await models.GetActiveAsync(cancellationToken);
            var documents = open(generation);
            var stored = await documents.GetManyAsync(pending, cancellationToken);
            var checkpoints = await CheckpointsAsync(generation, cancellationToken);
            // A consumer is applying events that its checkpoint does not include yet. Positions that no consumer wrote stay ahead for good.
            bool IsAhead(Guid id) => stored.TryGetValue(id, out var document)
                && document.Value.Positions.Any(position => position.Value > checkpoints.GetValueOrDefault(position.Key, -1));
            var ready = pending.Where(id => attempt > MaxAttempts / 2 || !IsAhead(id)).ToHashSet();
            var folding = new Folding<T>(projection, ready.Contains, stored, checkpoints, includeNewer: false);
            await log.FoldAsync([folding], cancellationToken);
            var changed = folding.Folded
                .Where(document => !folding.IsRight(stored.GetValueOrDefault(document.Key)?.Value, document.Value))
                .Select(document => new Document<T>(document.Key, document.Value, stored.GetValueOrDefault(document.Key)?.Version ?? 0))
                .ToList();
            var orphans = await OrphansAsync(ready.Except(folding.Folded.Keys), stored, checkpoints, cancellationToken);
            HashSet<Guid> conflicts =
            [
                .. await documents.BulkUpsertAsync(changed, cancellationToken),
                .. await documents.DeleteManyAsync(orphans, cancellationToken),
            ];
            string? HashOf(T? document) => document is null ? null : ContentHash.Of(folding.Text(document));
            var made = changed.Select(document => new RepairedEntry(document.Id, "rebuilt")
            {
                Before = HashOf(stored.GetValueOrDefault(document.Id)?.Value), After = HashOf(document.Value),
            });
            var removed = orphans.Select(document => new RepairedEntry(document.Id, "removed") { Before = HashOf(document.Value) });
            rebuilt.AddRange(made.Concat(removed).Where(entry => !conflicts.Contains(entry.Id)));
            pending.RemoveWhere(id => ready.Contains(id) && !conflicts.Contains(id));
        }
        return rebuilt;
    }

    public async Task<IEnumerable<Guid>> FindAsync(IReadOnlyCollection<Guid> documents, Guid carried, CancellationToken cancellationToken)
    {
        var found = await open(await models.GetActiveAsync(cancellationToken)).GetManyAsync(documents, cancellationToken);
        return found.Values.Where(document => Carries(document.Value, Uuid.ToText(carried))).Select(document => document.Id);
    }

    private bool Carries(T document, string id) =>
        System.Text.Json.JsonSerializer.Serialize(document, projection.Model.Json).Contains(id, StringComparison.Ordinal);

    /// <summary>Returns the documents that no recorded event explains, not even one after the checkpoints.</summary>
    private async Task<List<Document<T>>> OrphansAsync(
        IEnumerable<Guid> ids, IReadOnlyDictionary<Guid, Document<T>> stored, Dictionary<string, long> checkpoints,
        CancellationToken cancellationToken)
    {
        var unexplained = ids.Where(stored.ContainsKey).ToHashSet();
        if (unexplained.Count == 0)
            return [];
        var folding = new Folding<T>(projection, unexplained.Contains, stored, checkpoints, includeNewer: true);
        await log.FoldAsync([folding], cancellationToken);
        return [.. unexplained.Except(folding.Folded.Keys).Select(id => stored[id])];
    }

    private static async Task<Dictionary<string, long>> CheckpointsAsync(Generation generation, CancellationToken cancellationToken) =>
        (await generation.ReadCheckpointsAsync(cancellationToken))
            .ToDictionary(checkpoint => checkpoint.Partition, checkpoint => checkpoint.Offset);
}

internal static class Foldings
{
    /// <summary>Folds the log into documents of several read models in one pass.</summary>
    /// <param name="log">The event log.</param>
    /// <param name="foldings">The documents.</param>
    /// <param name="cancellationToken">Cancels the pass.</param>
    /// <param name="pause">Is called after each page of the log.</param>
    public static async Task FoldAsync(
        this EventLog log, IReadOnlyCollection<IFolding> foldings, CancellationToken cancellationToken, Func<int, Task>? pause = null)
    {
        var ends = foldings.SelectMany(folding => folding.Ends).GroupBy(end => end.Key, end => end.Value);
        foreach (var ofPartition in ends)
        {
            await foreach (var page in log.ReadAllAsync(ofPartition.Key, ofPartition.Max(), cancellationToken))
            {
                foreach (var folding in foldings)
                {
                    foreach (var recorded in page)
                        folding.Add(recorded);
                }
                if (pause is not null)
                    await pause(page.Count);
            }
        }
    }
}

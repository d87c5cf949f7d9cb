using System.Text.Json;
using ForgeShop.Contracts.Audit;
using ForgeShop.Forge;

namespace ForgeShop.Reporting;

/// <summary>Compares a read model with the event log, and writes documents again from the log.</summary>
internal interface IReadModelFold
{
    string Name { get; }

    string Store => $"reporting/{Name}";

    /// <summary>Gets the name of the comparison in reports.</summary>
    string Step => $"{Store}/fold";

    /// <summary>Reads a range of documents in the order of their IDs, to be folded.</summary>
    /// <param name="after">The end of the range before; null for the first one.</param>
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
    Projection<T> projection, Func<Generation, IDocumentCollection<T>> open, ReadModels models, EventLog log)
    : IReadModelFold where T : ReadModel
{
    private const int RangeSize = 5000;
    private const int MaxAttempts = 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    public string Name => projection.Model.Name;

    public IEnumerable<Guid> DocumentsOf(RecordedEvent recorded) => projection.DocumentsOf(recorded);

    /// <summary>Returns the documents that serve.</summary>
    public async Task<IDocumentCollection<T>> DocumentsAsync(CancellationToken cancellationToken) =>
        open(await models.GetActiveAsync(cancellationToken));

    public async Task<IFolding> OpenAsync(string? after, CancellationToken cancellationToken)
    {
        var generation = await models.GetActiveAsync(cancellationToken);
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        // The end of the range before, and the store's cursor.
        var (low, cursor) = after?.Split('|') is [var id, var opaque] ? (Guid.Parse(id), opaque) : (Guid.Empty, null);
        var page = await open(generation).QueryAsync(new() { Limit = RangeSize, Cursor = cursor }, cancellationToken);
        var high = page.NextCursor is null ? Guid.AllBitsSet : page.Items[^1].Id;
        return new Folding<T>(
            this, projection, checkpoints, page.Items.ToDictionary(document => document.Id), document => document > low && document <= high,
            page.NextCursor is null ? null : $"{high}|{page.NextCursor}");
    }

    public async Task<IFolding> OpenAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        await OpenAsync(await models.GetActiveAsync(cancellationToken), ids, cancellationToken);

    /// <summary>
    /// Writes documents as the fold of the log, and removes those that it does not explain. A document that a consumer changes meanwhile is
    /// folded again, so that no event is lost or counted twice.
    /// </summary>
    public async Task<IReadOnlyList<RepairedEntry>> RebuildAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var (pending, rebuilt) = (ids.ToHashSet(), new List<RepairedEntry>());
        for (var attempt = 1; pending.Count > 0 && attempt <= MaxAttempts; attempt++)
        {
            if (attempt > 1)
                await Task.Delay(RetryDelay, cancellationToken);
            var generation = await models.GetActiveAsync(cancellationToken);
            var folding = await OpenAsync(generation, pending, cancellationToken);
            await log.FoldAsync([folding], cancellationToken);
            var wrong = folding.Wrong().ToList();
            var (explained, unexplained) = (wrong.FindAll(one => one.Right is not null), wrong.FindAll(one => one.Right is null));
            pending =
            [
                .. await open(generation).BulkUpsertAsync(
                    explained.ConvertAll(one => new Document<T>(one.Id, one.Right!, one.Stored?.Version ?? 0)), cancellationToken),
                .. await open(generation).DeleteManyAsync(unexplained.ConvertAll(one => one.Stored!), cancellationToken),
            ];
            rebuilt.AddRange(
                from document in wrong
                where !pending.Contains(document.Id)
                select new RepairedEntry(document.Id, document.Right is null ? "removed" : "rebuilt")
                {
                    Before = folding.HashOf(document.Stored?.Value), After = folding.HashOf(document.Right),
                });
        }
        return rebuilt;
    }

    public async Task<IEnumerable<Guid>> FindAsync(IReadOnlyCollection<Guid> documents, Guid carried, CancellationToken cancellationToken)
    {
        var found = await (await DocumentsAsync(cancellationToken)).GetManyAsync(documents, cancellationToken);
        var id = Uuid.ToText(carried);
        return from document in found.Values
               where JsonSerializer.Serialize(document.Value, projection.Model.Json).Contains(id, StringComparison.Ordinal)
               select document.Id;
    }

    private async Task<Folding<T>> OpenAsync(Generation generation, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        var wanted = ids.ToHashSet();
        return new(this, projection, checkpoints, await open(generation).GetManyAsync(wanted, cancellationToken), wanted.Contains);
    }

    private static async Task<Dictionary<string, long>> CheckpointsAsync(Generation generation, CancellationToken cancellationToken) =>
        (await generation.ReadCheckpointsAsync(cancellationToken))
            .ToDictionary(checkpoint => checkpoint.Partition, checkpoint => checkpoint.Offset);
}

internal static class EventLogFold
{
    /// <summary>
    /// Folds the log into documents of several read models in one pass. <paramref name="pause"/> is called after each page of the log.
    /// </summary>
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

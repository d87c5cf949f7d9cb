using System.Text;
using System.Text.Json;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>Compares a read model with the event log.</summary>
internal interface IReadModelFold
{
    /// <summary>Gets the name of the read model.</summary>
    string Name { get; }

    /// <summary>Checks the documents of a range of IDs.</summary>
    /// <param name="after">The end of the range before; null for the first one.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    Task<FoldedRange> CheckAsync(string? after, CancellationToken cancellationToken);

    /// <summary>Checks documents by their IDs.</summary>
    Task<FoldedRange> CheckAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Returns the documents that an event touches.</summary>
    IEnumerable<Guid> DocumentsOf(RecordedEvent recorded);

    Task<IReadOnlyList<RepairedEntry>> RebuildAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);
}

/// <param name="Checked">The number of documents.</param>
/// <param name="Wrong">The documents that are not the fold of their events, with the state.</param>
/// <param name="Next">The cursor of the next range; null at the end.</param>
internal sealed record FoldedRange(int Checked, IReadOnlyList<(Guid Id, string State)> Wrong, string? Next);

/// <summary>
/// Folds the events of documents again. A document is right if it equals the fold of its events up to the offsets that it includes, so the
/// comparison is exact while events arrive. Memory is bounded by the size of a range; each range reads the log once.
/// </summary>
internal sealed class ReadModelFold<T>(
    ProjectionModel<T> projection, Func<Generation, IDocumentCollection<T>> open, ReadModels models, EventLog log)
    : IReadModelFold where T : ReadModel
{
    private const int RangeSize = 5000;
    private const int MaxAttempts = 20;
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    public string Name => projection.Model.Name;

    public IEnumerable<Guid> DocumentsOf(RecordedEvent recorded) => projection.DocumentsOf(recorded).Distinct();

    public async Task<FoldedRange> CheckAsync(string? after, CancellationToken cancellationToken)
    {
        var generation = await models.GetActiveAsync(cancellationToken);
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        // The end of the range before, and the store's cursor.
        var (low, cursor) = after?.Split('|') is [var id, var opaque] ? (Guid.Parse(id), opaque) : (Guid.Empty, null);
        var page = await open(generation).QueryAsync(new() { Limit = RangeSize, Cursor = cursor }, cancellationToken);
        var high = page.NextCursor is null ? Guid.AllBitsSet : page.Items[^1].Id;
        var stored = page.Items.ToDictionary(document => document.Id);
        var folded = await FoldAsync(
            document => document > low && document <= high, stored, checkpoints, includeNewer: true, cancellationToken);
        return new(stored.Count, Compare(stored, folded), page.NextCursor is null ? null : $"{high}|{page.NextCursor}");
    }

    public async Task<FoldedRange> CheckAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        var generation = await models.GetActiveAsync(cancellationToken);
        var checkpoints = await CheckpointsAsync(generation, cancellationToken);
        var wanted = ids.ToHashSet();
        var stored = (await open(generation).GetManyAsync(wanted, cancellationToken)).ToDictionary();
        var folded = await FoldAsync(wanted.Contains, stored, checkpoints, includeNewer: true, cancellationToken);
        return new(stored.Count, Compare(stored, folded), null);
    }

    /// <summary>
    /// Writes documents as the fold of the log up to the checkpoints. A document that a consumer changes meanwhile is folded again, so that
    /// no event is lost or counted twice.
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
            var stored = (await documents.GetManyAsync(pending, cancellationToken)).ToDictionary();
            var checkpoints = await CheckpointsAsync(generation, cancellationToken);
            // A consumer is applying events that its checkpoint does not include yet. Positions that no consumer wrote stay ahead for good.
            bool IsAhead(Guid id) => stored.TryGetValue(id, out var document)
                && document.Value.Positions.Any(position => position.Value > checkpoints.GetValueOrDefault(position.Key, -1));
            var ready = pending.Where(id => attempt > MaxAttempts / 2 || !IsAhead(id)).ToHashSet();
            var folded = await FoldAsync(ready.Contains, stored, checkpoints, includeNewer: false, cancellationToken);
            var changed = folded.Where(document => !Equal(stored.GetValueOrDefault(document.Key)?.Value, document.Value))
                .Select(document => new Document<T>(document.Key, document.Value, stored.GetValueOrDefault(document.Key)?.Version ?? 0))
                .ToList();
            var conflicts = await documents.BulkUpsertAsync(changed, cancellationToken);
            rebuilt.AddRange(changed.Where(document => !conflicts.Contains(document.Id)).Select(document =>
                new RepairedEntry(document.Id, "rebuilt")
                {
                    Before = stored.GetValueOrDefault(document.Id) is { } before ? Hash(before.Value) : null,
                    After = Hash(document.Value),
                }));
            pending.RemoveWhere(id => ready.Contains(id) && !conflicts.Contains(id));
        }
        return rebuilt;
    }

    private static async Task<Dictionary<string, long>> CheckpointsAsync(Generation generation, CancellationToken cancellationToken) =>
        (await generation.ReadCheckpointsAsync(cancellationToken))
            .ToDictionary(checkpoint => checkpoint.Partition, checkpoint => checkpoint.Offset);

    /// <summary>
    /// Folds the events of some documents up to the checkpoints, or up to the positions of each document where these are newer.
    /// </summary>
    private async Task<Dictionary<Guid, T>> FoldAsync(
        Func<Guid, bool> isWanted, IReadOnlyDictionary<Guid, Document<T>> stored, Dictionary<string, long> checkpoints, bool includeNewer,
        CancellationToken cancellationToken)
    {
        var ends = new Dictionary<string, long>(checkpoints);
        foreach (var (partition, offset) in stored.Values.SelectMany(document => document.Value.Positions).Where(_ => includeNewer))
            ends[partition] = Math.Max(ends.GetValueOrDefault(partition, -1), offset);
        var folded = new Dictionary<Guid, T>();
        foreach (var (partition, end) in ends)
        {
            var checkpoint = checkpoints.GetValueOrDefault(partition, -1);
            await foreach (var recorded in log.ReadAllAsync(partition, end, cancellationToken))
            {
                foreach (var id in DocumentsOf(recorded).Where(isWanted))
                {
                    var included = includeNewer && stored.TryGetValue(id, out var document)
                        ? document.Value.Positions.GetValueOrDefault(partition, -1) : -1;
                    if (recorded.Offset > Math.Max(checkpoint, included))
                        continue;
                    var after = projection.Fold(id, folded.GetValueOrDefault(id), recorded);
                    folded[id] = after with { Positions = new Dictionary<string, long>(after.Positions) { [partition] = recorded.Offset } };
                }
            }
        }
        return folded;
    }

    private List<(Guid, string)> Compare(Dictionary<Guid, Document<T>> stored, Dictionary<Guid, T> folded) =>
    [
        .. folded.Keys.Except(stored.Keys).Select(id => (id, AuditStates.Missing)),
        .. stored.Keys.Except(folded.Keys).Select(id => (id, AuditStates.Orphan)),
        .. stored.Values.Where(document => folded.TryGetValue(document.Id, out var right) && !Equal(document.Value, right))
            .Select(document => (document.Id, AuditStates.Mismatch)),
    ];

    private bool Equal(T? left, T right) => left is not null && Hash(left) == Hash(right);

    private string Hash(T document) => JsonHash.Of(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(document, projection.Model.Json)));
}

using System.Text.Json;

namespace ForgeShop.Reporting;

/// <summary>Documents of one read model while the events of the log are folded into them again.</summary>
internal interface IFolding
{
    /// <summary>Gets the name of the read model.</summary>
    string Name { get; }

    /// <summary>Gets the last offset of each partition that the documents include.</summary>
    IReadOnlyDictionary<string, long> Ends { get; }

    void Add(RecordedEvent recorded);

    /// <summary>Compares the documents with the fold.</summary>
    FoldedRange Compare();
}

/// <param name="Checked">The number of documents.</param>
/// <param name="Wrong">The documents that are not the fold of their events, with the state.</param>
/// <param name="Next">The cursor of the next range; null at the end.</param>
internal sealed record FoldedRange(int Checked, IReadOnlyList<(Guid Id, string State)> Wrong, string? Next);

/// <summary>
/// Folds events up to the checkpoints, or up to the positions of each document where these are newer. A document is right if it equals the
/// fold of the events that it includes, so the comparison is exact while events arrive.
/// </summary>
internal sealed class Folding<T>(
    ProjectionModel<T> projection, Func<Guid, bool> isWanted, IReadOnlyDictionary<Guid, Document<T>> stored,
    IReadOnlyDictionary<string, long> checkpoints, bool includeNewer, string? next = null) : IFolding where T : ReadModel
{
    public string Name => projection.Model.Name;

    public Dictionary<Guid, T> Folded { get; } = [];

    public IReadOnlyDictionary<string, long> Ends { get; } = checkpoints
        .Concat(includeNewer ? stored.Values.SelectMany(document => document.Value.Positions) : [])
        .GroupBy(end => end.Key, end => end.Value).ToDictionary(ends => ends.Key, ends => ends.Max());

    public void Add(RecordedEvent recorded)
    {
        var partition = recorded.Partition;
        foreach (var id in projection.DocumentsOf(recorded).Distinct().Where(isWanted))
        {
            var included = includeNewer && stored.TryGetValue(id, out var document)
                ? document.Value.Positions.GetValueOrDefault(partition, -1) : -1;
            if (recorded.Offset > Math.Max(checkpoints.GetValueOrDefault(partition, -1), included))
                continue;
            var after = projection.Fold(id, Folded.GetValueOrDefault(id), recorded);
            Folded[id] = after with { Positions = new Dictionary<string, long>(after.Positions) { [partition] = recorded.Offset } };
        }
    }

    public FoldedRange Compare() => new(
        stored.Count,
        [
            .. Folded.Keys.Except(stored.Keys).Select(id => (id, AuditStates.Missing)),
            .. stored.Keys.Except(Folded.Keys).Select(id => (id, AuditStates.Orphan)),
            .. stored.Values.Where(document => Folded.TryGetValue(document.Id, out var right) && !IsRight(document.Value, right))
                .Select(document => (document.Id, AuditStates.Mismatch)),
        ],
        next);

    public bool IsRight(T? document, T right) => document is not null && Text(document) == Text(right);

    /// <summary>Returns a document as text. Only its positions have no order of their own.</summary>
    public string Text(T document) => JsonSerializer.Serialize(
        document with { Positions = new SortedDictionary<string, long>(document.Positions.ToDictionary(), StringComparer.Ordinal) },
        projection.Model.Json);
}

using System.Text.Json;
using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>Documents of one read model while the events of the log are folded into them again.</summary>
internal interface IFolding
{
    IReadModelFold ReadModel { get; }

    /// <summary>Gets the last offset of each partition that the documents include.</summary>
    IReadOnlyDictionary<string, long> Ends { get; }

    /// <summary>Gets the number of documents.</summary>
    int Count { get; }

    /// <summary>Gets the cursor of the next range; null at the end.</summary>
    string? Next { get; }

    void Add(RecordedEvent recorded);

    /// <summary>Compares the documents with the fold.</summary>
    IEnumerable<AuditFinding> Findings();
}

/// <summary>
/// Folds events up to the checkpoints, or up to the positions of each document where these are newer. A document is right if it equals the
/// fold of the events that it includes, so the comparison is exact while events arrive.
/// </summary>
internal sealed class Folding<T>(
    IReadModelFold readModel, Projection<T> projection, IReadOnlyDictionary<string, long> checkpoints,
    IReadOnlyDictionary<Guid, Document<T>> stored, Func<Guid, bool> isWanted, string? next = null) : IFolding where T : ReadModel
{
    private readonly Dictionary<Guid, T> _folded = [];

    public IReadModelFold ReadModel => readModel;

    public int Count => stored.Count;

    public string? Next => next;

    public IReadOnlyDictionary<string, long> Ends { get; } = checkpoints
        .Concat(stored.Values.SelectMany(document => document.Value.Positions))
        .GroupBy(end => end.Key, end => end.Value).ToDictionary(ends => ends.Key, ends => ends.Max());

    public void Add(RecordedEvent recorded)
    {
        var isApplied = recorded.Offset <= checkpoints.GetValueOrDefault(recorded.Partition, -1);
        foreach (var id in projection.DocumentsOf(recorded).Distinct().Where(isWanted))
        {
            if (isApplied || stored.GetValueOrDefault(id)?.Value.Includes(recorded) is true)
                _folded[id] = projection.Apply(id, _folded.GetValueOrDefault(id), recorded);
        }
    }

    public IEnumerable<AuditFinding> Findings() => Wrong().Select(document =>
        new AuditFinding(readModel.Store, readModel.Name, document.Id, document.State)
        {
            Detail = "fold", RepairAt = readModel.Step, Source = new(readModel.Step, document.Id),
        });

    /// <summary>Returns the documents that differ from the fold, are missing, or have no event that explains them.</summary>
    public IEnumerable<WrongDocument<T>> Wrong() =>
        from id in stored.Keys.Union(_folded.Keys)
        let document = new WrongDocument<T>(id, stored.GetValueOrDefault(id), _folded.GetValueOrDefault(id))
        where !Bytes(document.Stored?.Value).AsSpan().SequenceEqual(Bytes(document.Right))
        select document;

    public string? HashOf(T? document) => document is null ? null : ContentHash.OfUtf8(Bytes(document));

    /// <summary>Returns a document as JSON in UTF-8. Only its positions have no order of their own.</summary>
    private byte[]? Bytes(T? document) => document is null ? null : JsonSerializer.SerializeToUtf8Bytes(
        document with { Positions = new SortedDictionary<string, long>(document.Positions.ToDictionary(), StringComparer.Ordinal) },
        projection.Model.Json);
}

/// <param name="Id">The ID of the document.</param>
/// <param name="Stored">The document as it is stored; null if it is missing.</param>
/// <param name="Right">The fold of its events; null if no event explains it.</param>
internal sealed record WrongDocument<T>(Guid Id, Document<T>? Stored, T? Right) where T : ReadModel
{
    public string State => Stored is null ? AuditStates.Missing : Right is null ? AuditStates.Orphan : AuditStates.Mismatch;
}

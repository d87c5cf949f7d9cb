namespace ForgeShop.Reporting;

/// <summary>A document of a read model.</summary>
public abstract record ReadModel
{
    /// <summary>
    /// The offset of the last event that was applied to this document, for each partition. Events of a partition are applied in the order
    /// of their offsets, so an event at or below it is already in the document.
    /// </summary>
    public IReadOnlyDictionary<string, long> Positions { get; init; } = new Dictionary<string, long>();

    public bool Includes(RecordedEvent recorded) => Positions.GetValueOrDefault(recorded.Partition, -1) >= recorded.Offset;
}

/// <summary>Declares a read model: its documents, the documents that an event touches, and the effect of an event on a document.</summary>
/// <param name="Model">The collection.</param>
/// <param name="DocumentsOf">Returns the IDs of the documents that an event touches.</param>
/// <param name="Fold">
/// Returns a document after an event; the document is null before its first one. A pure function. The result must not depend on the order
/// of events of different aggregates.
/// </param>
public sealed record Projection<T>(
    DocumentModel<T> Model, Func<RecordedEvent, IEnumerable<Guid>> DocumentsOf, Func<Guid, T?, RecordedEvent, T> Fold) where T : ReadModel
{
    private const int MaxAttempts = 50;

    /// <summary>
    /// Applies the events that the documents do not include yet, with one read and one write. A document that another writer changed in
    /// between is read and folded again. The events of a partition are in the order of their offsets.
    /// </summary>
    /// <exception cref="TimeoutException">A document was changed by other writers during each attempt.</exception>
    public async Task ApplyAsync(
        IDocumentCollection<T> documents, IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var touched = from recorded in events from id in DocumentsOf(recorded).Distinct() group recorded by id;
        var pending = touched.ToDictionary(document => document.Key, document => document.ToList());
        for (var attempt = 1; pending.Count > 0; attempt++)
        {
            if (attempt > MaxAttempts)
                throw new TimeoutException($"Documents of {Model.Name} were changed by other writers in each of {MaxAttempts} attempts.");
            if (attempt > 1)
                await Task.Delay(Random.Shared.Next(10 * Math.Min(attempt, 20)), cancellationToken);

            var stored = await documents.GetManyAsync(pending.Keys, cancellationToken);
            var changed = new List<Document<T>>(pending.Count);
            foreach (var (id, ofDocument) in pending)
            {
                var before = stored.GetValueOrDefault(id);
                var after = ofDocument.Aggregate(
                    before?.Value, (document, recorded) => document?.Includes(recorded) is true ? document : Apply(id, document, recorded));
                if (!ReferenceEquals(before?.Value, after))
                    changed.Add(new(id, after!, before?.Version ?? 0));
            }
            var conflicts = await documents.BulkUpsertAsync(changed, cancellationToken);
            pending = pending.Where(document => conflicts.Contains(document.Key)).ToDictionary();
        }
    }

    /// <summary>Returns a document after an event, with the position of the event.</summary>
    public T Apply(Guid id, T? document, RecordedEvent recorded)
    {
        var after = Fold(id, document, recorded);
        return after with { Positions = new Dictionary<string, long>(after.Positions) { [recorded.Partition] = recorded.Offset } };
    }
}

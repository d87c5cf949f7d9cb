namespace ForgeShop.Reporting;

/// <summary>A document of a read model.</summary>
public abstract record ReadModel
{
    /// <summary>
    /// The offset of the last event that was applied to this document, for each partition. Events of a partition are applied in the order
    /// of their offsets, so an event at or below it is already in the document.
    /// </summary>
    public IReadOnlyDictionary<string, long> Positions { get; init; } = new Dictionary<string, long>();

    public bool Includes(RecordedEvent recorded) =>
        Positions.TryGetValue(recorded.Partition, out var applied) && applied >= recorded.Offset;
}

/// <summary>Declares a read model: its documents, the documents that an event touches, and the effect of an event on a document.</summary>
/// <param name="Model">The collection.</param>
/// <param name="DocumentsOf">Returns the IDs of the documents that an event touches.</param>
/// <param name="Fold">
/// Returns a document after an event; the document is null before its first one. A pure function. The result must not depend on the order
/// of events of different aggregates.
/// </param>
public sealed record ProjectionModel<T>(
    DocumentModel<T> Model, Func<RecordedEvent, IEnumerable<Guid>> DocumentsOf, Func<Guid, T?, RecordedEvent, T> Fold) where T : ReadModel;

/// <summary>Applies batches of events to the documents of one read model: one read and one write for each batch.</summary>
public sealed class Projection<T>(IDocumentCollection<T> documents, ProjectionModel<T> model) where T : ReadModel
{
    private const int MaxAttempts = 50;

    /// <summary>
    /// Applies the events that the documents do not include yet. A document that another writer changed in between is read and folded
    /// again.
    /// </summary>
    /// <param name="events">In the order of their offsets within each partition.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="TimeoutException">A document was changed by other writers during each attempt.</exception>
    public async Task ApplyAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var touched = from recorded in events from id in model.DocumentsOf(recorded).Distinct() group recorded by id;
        var pending = touched.ToDictionary(document => document.Key, document => document.ToList());
        for (var attempt = 1; pending.Count > 0; attempt++)
        {
            if (attempt > MaxAttempts)
                throw new TimeoutException(
                    $"Documents of {model.Model.Name} were changed by other writers in each of {MaxAttempts} attempts.");
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

    private T Apply(Guid id, T? document, RecordedEvent recorded)
    {
        var after = model.Fold(id, document, recorded);
        return after with { Positions = new Dictionary<string, long>(after.Positions) { [recorded.Partition] = recorded.Offset } };
    }
}

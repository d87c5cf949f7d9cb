using ForgeShop.Documents;
using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting.Models;

/// <summary>Declares a read model: its documents, the documents that an event touches, and the effect of an event on a document.</summary>
/// <param name="Model">The collection.</param>
/// <param name="DocumentsOf">Returns the IDs of the documents that an event touches.</param>
/// <param name="Fold">
/// Returns a document after an event; the document is null before its first one. A pure function. The result must not depend on the order of
/// events of different aggregates.
/// </param>
public sealed record ProjectionModel<T>(
    DocumentModel<T> Model, Func<RecordedEvent, IEnumerable<Guid>> DocumentsOf, Func<Guid, T?, RecordedEvent, T> Fold) where T : ReadModel;

public interface IProjection
{
    string Collection { get; }

    Task ApplyAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken);
}

/// <summary>Applies batches of events to the documents of one read model: one read and one write for each batch.</summary>
public sealed class Projection<T>(IDocumentCollection<T> documents, ProjectionModel<T> model) : IProjection where T : ReadModel
{
    private const int MaxAttempts = 50;

    public string Collection => model.Model.Name;

    /// <summary>
    /// Applies the events that the documents do not include yet. A document that another writer changed in between is read and folded again.
    /// </summary>
    /// <param name="events">In the order of their offsets within each partition.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="TimeoutException">A document was changed by other writers during each attempt.</exception>
    public async Task ApplyAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        var pending = (from recorded in events from id in model.DocumentsOf(recorded).Distinct() group recorded by id).ToDictionary(group => group.Key, group => group.ToList());
        for (var attempt = 1; pending.Count > 0; attempt++)
        {
            if (attempt > MaxAttempts)
                throw new TimeoutException($"Documents of {Collection} were changed by other writers in each of {MaxAttempts} attempts.");
            if (attempt > 1)
                await Task.Delay(Random.Shared.Next(10 * Math.Min(attempt, 20)), cancellationToken);

            var stored = await documents.GetManyAsync(pending.Keys, cancellationToken);
            var changed = new List<Document<T>>(pending.Count);
            foreach (var (id, ofDocument) in pending)
            {
                var before = stored.GetValueOrDefault(id);
                var after = ofDocument.Aggregate(before?.Value, (document, recorded) => Apply(id, document, recorded));
                if (!ReferenceEquals(before?.Value, after))
                    changed.Add(new(id, after!, before?.Version ?? 0));
            }
            var conflicts = await documents.BulkUpsertAsync(changed, cancellationToken);
            pending = pending.Where(document => conflicts.Contains(document.Key)).ToDictionary();
        }
    }

    private T? Apply(Guid id, T? document, RecordedEvent recorded)
    {
        if (document?.Includes(recorded.Partition, recorded.Offset) is true)
            return document;
        var after = model.Fold(id, document, recorded);
        var positions = new SortedDictionary<string, long>(after.Positions.ToDictionary(), StringComparer.Ordinal) { [recorded.Partition] = recorded.Offset };
        return after with { Positions = positions };
    }
}

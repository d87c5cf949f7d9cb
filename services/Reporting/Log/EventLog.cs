using System.Runtime.CompilerServices;
using ForgeShop.Documents;

namespace ForgeShop.Reporting.Log;

/// <summary>
/// The append-only collection of all events that Reporting ever saw. This, not what Kafka still retains, is what read models are
/// rebuilt from. An event's ID is its document's, so an event that comes twice is kept once.
/// </summary>
public sealed class EventLog(IDocumentCollection<RecordedEvent> events)
{
    private const int ReplayPage = 200;

    public Task AppendAsync(RecordedEvent recorded, CancellationToken cancellationToken) =>
        events.UpsertAsync(recorded.Id.Value, recorded, expectedVersion: 0, cancellationToken);

    /// <summary>All events in the order in which they came; one that comes meanwhile may or may not be among them.</summary>
    public async IAsyncEnumerable<RecordedEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var inOrder = new DocumentQuery<RecordedEvent>().OrderBy(RecordedEvent.RecordedAtField);
        string? cursor = null;
        do
        {
            var page = await events.QueryAsync(inOrder.Page(cursor, ReplayPage), cancellationToken);
            foreach (var recorded in page.Items)
                yield return recorded.Value;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }
}

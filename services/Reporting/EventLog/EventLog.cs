using System.Runtime.CompilerServices;

namespace ForgeShop.Reporting;

/// <summary>
/// All events that Reporting ever received, under their IDs. Read models are rebuilt from this log and not from what Kafka still retains.
/// </summary>
public sealed class EventLog(IDocumentStore store)
{
    public const int PageSize = 500;

    private readonly IDocumentCollection<RecordedEvent> _foreign = store.Collection(
        new DocumentModel<RecordedEvent>("foreign_events", ReportingJson.Default.RecordedEvent));

    private long _received;

    public IDocumentCollection<RecordedEvent> Documents { get; } = store.Collection(RecordedEvent.Model);

    /// <summary>Gets the number of events that this process received, copies included.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Records the events that are new.</summary>
    /// <returns>
    /// The events to apply, in their order: those that are new, and those that are redelivered (the record has the same position). A copy
    /// with another position was published again; its first copy is applied by the consumer that recorded it.
    /// </returns>
    public async Task<IReadOnlyList<RecordedEvent>> AppendAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _received, events.Count);
        var records = events.DistinctBy(recorded => recorded.Id).ToDictionary(recorded => recorded.Id.Value);
        var existing = await Documents.InsertManyAsync(records, cancellationToken);
        if (existing.Count > 0)
        {
            foreach (var (id, record) in await Documents.GetManyAsync(existing.ToList(), cancellationToken))
                records[id] = record.Value;
        }
        return
        [
            .. from copy in events
               let record = records[copy.Id.Value]
               where (record.Partition, record.Offset) == (copy.Partition, copy.Offset)
               select record
        ];
    }

    /// <summary>Reads the first events of a correlation by time.</summary>
    public Task<IReadOnlyList<RecordedEvent>> FindAsync(CorrelationId correlation, int limit, CancellationToken cancellationToken) =>
        Documents.ListAsync(
            new() { Where = (RecordedEvent.CorrelationField, correlation.Value), OrderBy = RecordedEvent.TimeField, Limit = limit },
            cancellationToken);

    /// <summary>Reads a page of a partition's events, from one offset to another, both included.</summary>
    public Task<IReadOnlyList<RecordedEvent>> ReadAsync(string partition, long from, long to, CancellationToken cancellationToken) =>
        Documents.ListAsync(
            new()
            {
                Where = (RecordedEvent.PartitionField, partition), OrderBy = RecordedEvent.OffsetField, From = from, To = to,
                Limit = PageSize,
            },
            cancellationToken);

    /// <summary>Reads the events of a partition up to an offset, page by page. The next page is read ahead.</summary>
    public async IAsyncEnumerable<IReadOnlyList<RecordedEvent>> ReadAllAsync(
        string partition, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var ahead = ReadAsync(partition, 0, to, cancellationToken); await ahead is { Count: > 0 } page;)
        {
            ahead = page.Count < PageSize
                ? Task.FromResult<IReadOnlyList<RecordedEvent>>([]) : ReadAsync(partition, page[^1].Offset + 1, to, cancellationToken);
            yield return page;
        }
    }

    /// <summary>Returns those of the events that are recorded.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken) =>
        [.. (await Documents.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values.Select(document => document.Value)];

    /// <summary>Moves events that no service emitted out of the log. They stay in the store as evidence.</summary>
    public async Task<IReadOnlyList<Document<RecordedEvent>>> SetAsideAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var found = (await Documents.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values.ToList();
        await _foreign.InsertManyAsync(found.ToDictionary(document => document.Id, document => document.Value), cancellationToken);
        var kept = await Documents.DeleteManyAsync(found, cancellationToken);
        return [.. found.Where(document => !kept.Contains(document.Id))];
    }
}

using System.Runtime.CompilerServices;

namespace ForgeShop.Reporting;

/// <summary>
/// All events that Reporting ever received, under their IDs. Read models are rebuilt from this log and not from what Kafka still retains.
/// </summary>
public sealed class EventLog(IDocumentStore store)
{
    public const int PageSize = 500;

    private readonly IDocumentCollection<RecordedEvent> _events = store.Collection(RecordedEvent.Model);
    private readonly IDocumentCollection<RecordedEvent> _foreign = store.Collection(
        new DocumentModel<RecordedEvent>("foreign_events", ReportingJson.Default.RecordedEvent));

    private long _received;

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
        var existing = await _events.InsertManyAsync(records, cancellationToken);
        if (existing.Count > 0)
        {
            foreach (var (id, record) in await _events.GetManyAsync(existing.ToList(), cancellationToken))
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
    public async Task<IReadOnlyList<RecordedEvent>> FindAsync(CorrelationId correlation, int limit, CancellationToken cancellationToken)
    {
        var query = new DocumentQuery<RecordedEvent>
        {
            Where = (RecordedEvent.CorrelationField, correlation.Value), OrderBy = RecordedEvent.TimeField, Limit = limit,
        };
        return [.. (await _events.QueryAsync(query, cancellationToken)).Items.Select(document => document.Value)];
    }

    /// <summary>Reads a page of a partition's events, from one offset to another, both included.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> ReadAsync(string partition, long from, long to, CancellationToken cancellationToken)
    {
        var query = new DocumentQuery<RecordedEvent>
        {
            Where = (RecordedEvent.PartitionField, partition),
            OrderBy = RecordedEvent.OffsetField,
            From = from,
            To = to,
            Limit = PageSize,
        };
        return [.. (await _events.QueryAsync(query, cancellationToken)).Items.Select(document => document.Value)];
    }

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

    /// <summary>Reads a page of all events in the order of their IDs.</summary>
    public Task<DocumentPage<RecordedEvent>> PageAsync(string? cursor, int limit, CancellationToken cancellationToken) =>
        _events.QueryAsync(new() { Limit = limit, Cursor = cursor }, cancellationToken);

    /// <summary>Returns those of the events that are recorded.</summary>
    public async Task<IReadOnlyList<Document<RecordedEvent>>> FindAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken) =>
        [.. (await _events.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values];

    /// <summary>Returns those of the IDs that have an event.</summary>
    public Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        _events.FindIdsAsync(ids, cancellationToken);

    /// <summary>Moves events that no service emitted out of the log. They stay in the store as evidence.</summary>
    public async Task<IReadOnlyList<Document<RecordedEvent>>> SetAsideAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var found = await FindAsync(ids, cancellationToken);
        await _foreign.InsertManyAsync(found.ToDictionary(document => document.Id, document => document.Value), cancellationToken);
        var kept = await _events.DeleteManyAsync(found, cancellationToken);
        return [.. found.Where(document => !kept.Contains(document.Id))];
    }
}

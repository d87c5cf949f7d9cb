using System.Runtime.CompilerServices;

namespace ForgeShop.Reporting;

/// <summary>
/// All events that Reporting ever received, under their IDs. Read models are rebuilt from this log and not from what Kafka still retains.
/// </summary>
public sealed class EventLog(IDocumentStore store)
{
    public const int PageSize = 500;

    private readonly IDocumentCollection<RecordedEvent> _events = store.Collection(RecordedEvent.Model);

    /// <summary>Records the events that are new.</summary>
    /// <returns>
    /// The events to apply, in their order: those that are new, and those that are redelivered (the record has the same position). A copy
    /// with another position was published again; its first copy is applied by the consumer that recorded it.
    /// </returns>
    public async Task<IReadOnlyList<RecordedEvent>> AppendAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
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

    /// <summary>Reads the events of a partition up to an offset, page by page, without those that are set aside.</summary>
    public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(
        string partition, long to, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var from = 0L; from <= to;)
        {
            var page = await ReadAsync(partition, from, to, cancellationToken);
            if (page.Count == 0)
                yield break;
            foreach (var recorded in page.Where(recorded => !recorded.IsForeign))
                yield return recorded;
            from = page[^1].Offset + 1;
        }
    }

    /// <summary>Reads a page of all events in the order of their IDs.</summary>
    public Task<DocumentPage<RecordedEvent>> PageAsync(string? cursor, int limit, CancellationToken cancellationToken) =>
        _events.QueryAsync(new() { Limit = limit, Cursor = cursor }, cancellationToken);

    /// <summary>Returns those of the events that are recorded.</summary>
    public async Task<IReadOnlyList<Document<RecordedEvent>>> FindAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken) =>
        [.. (await _events.GetManyAsync([.. ids.Distinct()], cancellationToken)).Values];

    /// <summary>Sets events aside that no service emitted: read models that are folded from now on do not include them.</summary>
    public async Task<IReadOnlyList<RecordedEvent>> SetAsideAsync(IEnumerable<Guid> ids, CancellationToken cancellationToken)
    {
        var found = (await FindAsync(ids, cancellationToken)).Where(document => !document.Value.IsForeign)
            .Select(document => document with { Value = document.Value with { IsForeign = true } }).ToList();
        var conflicts = await _events.BulkUpsertAsync(found, cancellationToken);
        return [.. found.Where(document => !conflicts.Contains(document.Id)).Select(document => document.Value)];
    }
}

namespace ForgeShop.Reporting;

/// <summary>A sweep over all stores: its progress while it runs, and its report afterwards. One document, shared by all replicas.</summary>
/// <param name="Id">The ID of the sweep.</param>
/// <param name="StartedAt">The time of the request.</param>
/// <param name="By">The user who requested it.</param>
/// <param name="Repair">Whether owners repair what they can.</param>
public sealed record AuditRun(Guid Id, DateTimeOffset StartedAt, UserId By, bool Repair)
{
    public AuditStatus Status { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Gets the reason of a failure, or the reason why the sweep waits.</summary>
    public string? Error { get; init; }

    /// <summary>Gets the collection that is being read, and the cursor of its next page. A sweep continues here after a kill.</summary>
    public string? Step { get; init; }
    public string? Cursor { get; init; }
    public IReadOnlyList<string> Done { get; init; } = [];

    public IReadOnlyList<StoreCount> Stores { get; init; } = [];

    /// <summary>Gets the approximate number of entries; null if a store does not know it.</summary>
    public long? Estimate { get; init; }

    public IReadOnlyList<AuditSuspect> Suspects { get; init; } = [];

    /// <summary>Gets the first findings. <see cref="Wrong"/> counts all.</summary>
    public IReadOnlyList<AuditFinding> Findings { get; init; } = [];

    public long Wrong { get; init; }
    public long Repaired { get; init; }

    /// <summary>Gets the replica that runs the sweep, and the end of its lease.</summary>
    public Guid Replica { get; init; }
    public DateTimeOffset LeasedUntil { get; init; }

    public long Checked => Stores.Sum(store => store.Checked);

    /// <summary>Returns the run with entries counted for a collection.</summary>
    internal AuditRun Count(string store, long entries) => this with
    {
        Stores = Stores.Any(known => known.Store == store)
            ? [.. Stores.Select(known => known.Store == store ? known with { Checked = known.Checked + entries } : known)]
            : [.. Stores, new(store, entries)],
    };
}

public enum AuditStatus
{
    Running,

    /// <summary>All stores agree, or agree after the repairs.</summary>
    Consistent,
    Inconsistent,
    Failed,
}

/// <summary>The number of entries that were checked in a store.</summary>
public sealed record StoreCount(string Store, long Checked);

/// <summary>An entry that was wrong at first sight; it is asked again when what was in flight has arrived.</summary>
public readonly record struct AuditSuspect(string Target, Guid Id);

/// <summary>A change that an owner made at the request of an audit.</summary>
public sealed record RepairRecord(
    Guid Run, string Store, Guid EntityId, string Action, string? Before, string? After, UserId By, DateTimeOffset At)
{
    public static readonly DocumentField<RepairRecord> RunField = new DocumentField<RepairRecord, Guid>("run", record => record.Run);

    public static DocumentModel<RepairRecord> Model { get; } = new("audit_repairs", ReportingJson.Default.RepairRecord, [RunField]);
}

/// <summary>Stores the last sweep and all repairs.</summary>
public sealed class AuditRuns(IDocumentStore store)
{
    private static readonly Guid LastId = Guid.Parse("0c1d6f6e-8a53-4f0e-9a7e-6d2b1c3f5e42");

    private readonly IDocumentCollection<AuditRun> _runs = store.Collection(
        new DocumentModel<AuditRun>("audit_runs", ReportingJson.Default.AuditRun));
    private readonly IDocumentCollection<RepairRecord> _repairs = store.Collection(RepairRecord.Model);

    public Task<Document<AuditRun>?> ReadAsync(CancellationToken cancellationToken) => _runs.GetAsync(LastId, cancellationToken);

    /// <summary>Writes the run; returns null if another replica wrote it since it was read.</summary>
    public async Task<Document<AuditRun>?> TryWriteAsync(Document<AuditRun>? read, AuditRun run, CancellationToken cancellationToken)
    {
        var version = read?.Version ?? 0;
        var conflicts = await _runs.BulkUpsertAsync([new(LastId, run, version)], cancellationToken);
        return conflicts.Count == 0 ? new(LastId, run, version + 1) : null;
    }

    public Task RecordAsync(IReadOnlyList<RepairRecord> repairs, CancellationToken cancellationToken) =>
        _repairs.InsertManyAsync(repairs.ToDictionary(_ => Guid.CreateVersion7(), repair => repair), cancellationToken);

    public async Task<IReadOnlyList<RepairRecord>> ReadRepairsAsync(Guid run, int limit, CancellationToken cancellationToken)
    {
        var query = new DocumentQuery<RepairRecord> { Where = (RepairRecord.RunField, run), Limit = limit };
        return [.. (await _repairs.QueryAsync(query, cancellationToken)).Items.Select(document => document.Value)];
    }
}

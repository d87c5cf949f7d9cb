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

    /// <summary>Gets the cursors of the next pages of the collections that are being read. A sweep continues here after a kill.</summary>
    public IReadOnlyDictionary<string, string> Cursors { get; init; } = new Dictionary<string, string>();
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
    public static DocumentField<RepairRecord, Guid> RunField { get; } = new("run", record => record.Run);

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

    public Task<IReadOnlyList<RepairRecord>> ReadRepairsAsync(Guid run, int limit, CancellationToken cancellationToken) =>
        _repairs.ListAsync(new() { Where = (RepairRecord.RunField, run), Limit = limit }, cancellationToken);
}

/// <summary>The stored state of a running sweep. Each save renews the lease and expects the state of the save before.</summary>
internal sealed class AuditProgress(AuditRuns runs, Document<AuditRun> read, Guid replica, TimeProvider time)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(1);

    private Document<AuditRun> _stored = read;
    private long _savedAt;

    public AuditRun Run { get; set; } = read.Value;

    /// <exception cref="AuditLeaseLostException">Another replica continues the sweep.</exception>
    public async Task SaveAsync(AuditRun run, CancellationToken cancellationToken)
    {
        Run = run with { Replica = replica, LeasedUntil = time.GetUtcNow() + Lease };
        _stored = await runs.TryWriteAsync(_stored, Run, cancellationToken) ?? throw new AuditLeaseLostException();
        _savedAt = time.GetTimestamp();
    }

    public Task SaveSometimesAsync(CancellationToken cancellationToken) =>
        time.GetElapsedTime(_savedAt) > SaveInterval ? SaveAsync(Run, cancellationToken) : Task.CompletedTask;
}

internal sealed class AuditLeaseLostException() : Exception("Another replica continues the audit.");

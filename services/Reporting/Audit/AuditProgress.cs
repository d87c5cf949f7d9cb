namespace ForgeShop.Reporting;

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

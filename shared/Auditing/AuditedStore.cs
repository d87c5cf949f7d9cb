namespace ForgeShop.Auditing;

/// <summary>A collection of a service's own store that answers the audit protocol (docs/audit.md).</summary>
public abstract class AuditedStore(AuditedCollection collection)
{
    public AuditedCollection Collection { get; } = collection;

    /// <summary>Returns the approximate number of entries; null if it is unknown.</summary>
    public virtual Task<long?> EstimateAsync(CancellationToken cancellationToken) => Task.FromResult<long?>(null);

    /// <summary>Returns the position of the outbox, if this is one.</summary>
    public virtual Task<OutboxPosition?> PositionAsync(CancellationToken cancellationToken) => Task.FromResult<OutboxPosition?>(null);

    /// <summary>Reads a page in the order of the IDs.</summary>
    /// <param name="after">The cursor of the page before; null for the first page.</param>
    /// <exception cref="FormatException">The cursor does not come from an earlier page.</exception>
    public abstract Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken);

    public abstract Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Returns those of the IDs that have an entry, without its content.</summary>
    public virtual Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        LookupAsync(ids, cancellationToken);

    /// <summary>Repairs entries of a collection that has <see cref="AuditedCollection.CanRepair"/>; returns the changes.</summary>
    public virtual Task<IReadOnlyList<RepairedEntry>> RepairAsync(AuditRepair repair, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Collection.Name} is not repaired.");
}

/// <summary>A page of entries; <paramref name="Next"/> is null on the last page.</summary>
public sealed record AuditedEntries(IReadOnlyList<AuditEntry> Items, string? Next);

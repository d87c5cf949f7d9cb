namespace ForgeShop.Reporting;

/// <summary>The states of an entity in a store.</summary>
internal static class AuditStates
{
    public const string Match = "match";

    /// <summary>The store must have the entity and does not.</summary>
    public const string Missing = "missing";

    /// <summary>The stored ID is not derived from the stored key, or the content differs from the owner's.</summary>
    public const string Mismatch = "mismatch";

    /// <summary>The store has an ID that no natural key explains.</summary>
    public const string Orphan = "orphan";
}

/// <summary>Something that two stores disagree about, or an ID that is not derived from its key.</summary>
/// <param name="Store">The store that is wrong: <c>orders/cache</c>, or <c>kafka/order.events</c>.</param>
/// <param name="EntityType">The entity type.</param>
/// <param name="Id">The ID.</param>
/// <param name="State">missing, mismatch or orphan.</param>
public sealed record AuditFinding(string Store, string EntityType, Guid Id, string State)
{
    /// <summary>Gets the ID that the stored key derives, if it is another one.</summary>
    public Guid? ExpectedId { get; init; }

    /// <summary>Gets what differs: <c>key</c>, the name of a content hash, or the type of the event.</summary>
    public string? Detail { get; init; }

    /// <summary>Gets the collection whose owner can repair it; null if it is only reported.</summary>
    public string? RepairAt { get; init; }

    /// <summary>Gets the ID that the owner repairs.</summary>
    public Guid RepairId { get; init; } = Id;

    /// <summary>Gets whether the finding was gone after the repair.</summary>
    public bool IsRepaired { get; init; }

    /// <summary>Gets the entry whose check found it, which is asked again.</summary>
    internal AuditSuspect Source { get; init; }

    internal (string, Guid, string) Identity => (Store, Id, State);
}

/// <summary>Removes findings that follow from another one, so that a report names the store that is wrong.</summary>
internal static class Consequences
{
    public static List<AuditFinding> Remove(IReadOnlyCollection<AuditFinding> findings, AuditedShop shop)
    {
        bool IsOwners(AuditFinding finding) => shop.AuthorityOf(finding.EntityType)?.Name == finding.Store;
        // A row whose ID was changed: the other stores still have the ID that its key derives.
        var moved = findings.Where(finding => finding.ExpectedId is not null && IsOwners(finding))
            .Select(finding => (finding.EntityType, finding.ExpectedId!.Value)).ToHashSet();
        // The owner's own content was changed, or its row was removed: its copies differ from it, or are left over.
        var changed = Owners(AuditStates.Mismatch);
        var removed = Owners(AuditStates.Missing);
        bool Follows(AuditFinding finding) => finding.State switch
        {
            AuditStates.Missing => moved.Contains((finding.EntityType, finding.Id)),
            AuditStates.Mismatch => !IsOwners(finding) && changed.Contains((finding.EntityType, finding.Id)),
            _ => moved.Contains((finding.EntityType, finding.Id)) || removed.Contains((finding.EntityType, finding.Id)),
        };
        return [.. findings.Where(finding => !Follows(finding)).DistinctBy(finding => finding.Identity)];

        HashSet<(string, Guid)> Owners(string state) => [.. findings.Where(finding => finding.State == state && IsOwners(finding))
            .Select(finding => (finding.EntityType, finding.Id))];
    }
}

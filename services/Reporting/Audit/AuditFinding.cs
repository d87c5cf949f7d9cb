namespace ForgeShop.Reporting;

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
    internal (string Target, Guid Id) Source { get; init; }

    internal (string, Guid, string) Identity => (Store, Id, State);
}

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

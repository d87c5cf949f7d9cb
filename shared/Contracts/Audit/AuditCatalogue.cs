namespace ForgeShop.Contracts.Audit;

/// <summary>The answer of <c>GET /internal/audit</c>: the stores of one service (docs/audit.md).</summary>
/// <param name="Outbox">The position of the service's outbox now; null without an outbox.</param>
public sealed record AuditCatalogue(string Service, OutboxPosition? Outbox, IReadOnlyList<AuditedCollection> Collections);

/// <param name="Last">The number of the last message; 0 before the first.</param>
/// <param name="FirstUnpublished">The number of the first message that waits to be published; null if none waits.</param>
public sealed record OutboxPosition(long Last, long? FirstUnpublished)
{
    /// <summary>Returns whether every message up to a number is published.</summary>
    public bool HasPassed(long number) => FirstUnpublished is not { } first || first > number;
}

/// <summary>A set of entries of one entity type in one store of a service.</summary>
/// <param name="Name">The name within the service, for example <c>orders</c> or <c>cache</c>.</param>
/// <param name="Store">The kind of store: <c>postgresql</c>, <c>redis</c> or <c>documents</c>.</param>
public sealed record AuditedCollection(string Name, string EntityType, string Store)
{
    /// <summary>Gets whether this collection decides which entities of the type exist.</summary>
    public bool IsAuthority { get; init; }

    /// <summary>Gets whether each entity of the authority must have an entry here. A cache is not complete.</summary>
    public bool IsComplete { get; init; }

    /// <summary>
    /// Gets the groups of the authority's entries that a complete collection holds; null for all. <c>order.events/*</c> stands for every
    /// group that begins with <c>order.events/</c>.
    /// </summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Gets the fields of the natural key that are IDs of other entities, with their entity types.</summary>
    public IReadOnlyDictionary<string, string>? References { get; init; }

    /// <summary>Gets whether the owner repairs entries on request.</summary>
    public bool CanRepair { get; init; }

    public long? Estimate { get; init; }

    /// <summary>Returns whether this collection must hold entries of a group.</summary>
    public bool Holds(string? group)
    {
        if (Groups is null)
            return true;
        foreach (var held in Groups)
        {
            if (held.EndsWith('*') ? group?.StartsWith(held[..^1], StringComparison.Ordinal) is true : held == group)
                return true;
        }
        return false;
    }
}

namespace ForgeShop.Contracts.Audit;

/// <summary>The body of <c>POST /internal/audit/{collection}/repair</c>.</summary>
/// <param name="Ids">The entries to repair. The owner decides what is wrong with each, and does nothing if nothing is.</param>
/// <param name="Events">Recorded events from which the owner can make the entries again; empty if it needs none.</param>
public sealed record AuditRepair(IReadOnlyList<Guid> Ids, IReadOnlyList<AuditEvent> Events);

/// <summary>An event as Reporting recorded it.</summary>
public sealed record AuditEvent(EventId Id, string Type, Guid Subject, long Sequence, int DataVersion, JsonElement Data);

public sealed record AuditRepaired(IReadOnlyList<RepairedEntry> Items);

/// <param name="Action">
/// What the owner did: <c>dropped</c>, <c>rebuilt</c>, <c>made</c>, <c>removed</c>, <c>replayed</c> or <c>set-aside</c>.
/// </param>
public sealed record RepairedEntry(Guid Id, string Action)
{
    /// <summary>Gets the content before the repair; null if there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Before { get; init; }

    /// <summary>Gets the content after the repair; null if there is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? After { get; init; }
}

namespace ForgeShop.Contracts.Audit;

/// <summary>The answer of <c>GET /internal/audit/{collection}</c>: a page of entries in the order of their IDs.</summary>
/// <param name="Next">The cursor of the next page; null on the last page. It is opaque.</param>
public sealed record AuditPage(string Service, string Collection, string EntityType, IReadOnlyList<AuditEntry> Items, string? Next)
{
    /// <summary>The maximum number of entries of a page and of IDs in a lookup.</summary>
    public const int MaxItems = 1000;
}

/// <summary>One entity as one store holds it. Members without a value are omitted.</summary>
public sealed record AuditEntry(Guid Id)
{
    /// <summary>
    /// Gets the natural key as texts, as the store holds it: the fields of a record, or the one field <c>key</c>. Null if the store does
    /// not hold the key.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Key { get; init; }

    /// <summary>Gets the group that decides which other collections must hold the entity.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Group { get; init; }

    /// <summary>Gets the time when the entity was stored, if the store has a retention.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? At { get; init; }

    /// <summary>Gets the number of events that the entity has emitted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Events { get; init; }

    /// <summary>Gets hashes of content, by name. Two stores agree if their hashes of the same name are equal.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Hashes { get; init; }
}

/// <summary>The body of <c>POST /internal/audit/{collection}/lookup</c>: at most <see cref="AuditPage.MaxItems"/> IDs.</summary>
public sealed record AuditLookup(IReadOnlyList<Guid> Ids)
{
    /// <summary>Gets whether the caller needs only the IDs of the answer. The answer may omit the other members.</summary>
    public bool IdsOnly { get; init; }
}

namespace ForgeShop.Documents;

/// <summary>A stored document. <paramref name="Version"/> counts its writes from 1 and is what the next write must expect.</summary>
public sealed record Document<T>(Guid Id, T Value, long Version);

/// <summary>One page of a query. <paramref name="NextCursor"/> is opaque, and null on the last page.</summary>
public sealed record DocumentPage<T>(IReadOnlyList<Document<T>> Items, string? NextCursor);

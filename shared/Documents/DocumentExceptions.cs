namespace ForgeShop.Documents;

/// <summary>A cursor that this query did not hand out: the caller's mistake (400), not ours.</summary>
public sealed class InvalidCursorException()
    : Exception("The cursor is not one that this list handed out. Leave it away to start from the first page.");

/// <summary>A document was changed by others each time we tried to; nothing of ours was written.</summary>
public sealed class DocumentConflictException(string collection, Guid id, int attempts)
    : Exception($"Document {id} of '{collection}' was changed by somebody else in each of {attempts} attempts to write it.");

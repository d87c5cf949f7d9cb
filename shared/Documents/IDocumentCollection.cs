namespace ForgeShop.Documents;

public interface IDocumentCollection
{
    string Name { get; }

    /// <summary>
    /// Creates the collection and its indexes where they are missing, and fills in fields that were declared later. Safe to
    /// repeat, and for several replicas at once. Every other call does this first if nobody has.
    /// </summary>
    Task EnsureCreatedAsync(CancellationToken cancellationToken);
}

public interface IDocumentCollection<T> : IDocumentCollection where T : class
{
    Task<Document<T>?> GetAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>
    /// Writes the whole document, atomically, if its version is still <paramref name="expectedVersion"/> (0: it must not exist
    /// yet); its version is then one higher. False, and nothing changed, if it is not: somebody else wrote first.
    /// </summary>
    Task<bool> UpsertAsync(Guid id, T value, long expectedVersion, CancellationToken cancellationToken);

    /// <summary>One page of the documents that the query asks for.</summary>
    /// <exception cref="InvalidCursorException">The cursor is not one that this query handed out.</exception>
    Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken);
}

namespace ForgeShop.Documents;

/// <summary>
/// The operations that MongoDB and PostgreSQL (jsonb) both offer without a transaction across documents. A service that uses only
/// these runs on either of them. The store is healthy while its server answers.
/// </summary>
public interface IDocumentStore : IHealthCheck
{
    /// <summary>Returns the collection that <paramref name="model"/> declares. It is created, with its indexes, at its first use.</summary>
    IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class;

    /// <summary>Removes a collection with its documents and indexes; does nothing if there is none.</summary>
    Task DropAsync(string collection, CancellationToken cancellationToken);
}

public interface IDocumentCollection<T> where T : class
{
    /// <summary>Reads documents in one query. IDs without a document are absent from the result.</summary>
    Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Returns those of the IDs that have a document, in one query that reads no document.</summary>
    Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>
    /// Writes each document whole if its stored version still is <see cref="Document{T}.Version"/> (0: the ID is free), and raises that
    /// version by one. Each document, once in the call, is atomic; the call as a whole is not.
    /// </summary>
    /// <returns>The IDs whose version differs. A document that was written and then replaced may be among them.</returns>
    Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken);

    /// <summary>Removes each document if its stored version still is <see cref="Document{T}.Version"/>.</summary>
    /// <returns>The IDs that have a document afterwards: another version of it, or a new one.</returns>
    Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken);

    /// <summary>Reads one page of the documents that match.</summary>
    /// <exception cref="InvalidCursorException">The cursor does not come from an earlier page of this query.</exception>
    Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken);

    /// <summary>Returns a document, or null if there is none with this ID.</summary>
    async Task<Document<T>?> GetAsync(Guid id, CancellationToken cancellationToken) =>
        (await GetManyAsync([id], cancellationToken)).GetValueOrDefault(id);

    /// <summary>Writes documents whose IDs are free. Returns the others, as <see cref="BulkUpsertAsync"/> does.</summary>
    Task<IReadOnlySet<Guid>> InsertManyAsync(IReadOnlyDictionary<Guid, T> documents, CancellationToken cancellationToken) =>
        BulkUpsertAsync([.. documents.Select(document => new Document<T>(document.Key, document.Value, 0))], cancellationToken);
}

/// <summary>A document with its version: the number of times that it was written.</summary>
public sealed record Document<T>(Guid Id, T Value, long Version);

/// <summary>One page of a query. <paramref name="NextCursor"/> is opaque; null on the last page.</summary>
public sealed record DocumentPage<T>(IReadOnlyList<Document<T>> Items, string? NextCursor);

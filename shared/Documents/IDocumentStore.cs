namespace ForgeShop.Documents;

/// <summary>
/// The operations that MongoDB and PostgreSQL (jsonb) both offer without a transaction across documents. A service that uses only
/// these runs on either of them.
/// </summary>
public interface IDocumentStore
{
    /// <summary>Returns the collection that <paramref name="model"/> declares. It is created, with its indexes, at its first use.</summary>
    IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class;

    /// <summary>Removes a collection with its documents and indexes; does nothing if there is none.</summary>
    Task DropAsync(string collection, CancellationToken cancellationToken);

    /// <summary>Returns when the server answers; throws if it does not.</summary>
    Task PingAsync(CancellationToken cancellationToken);
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
    /// <returns>The IDs that were not written because their version differs. A document that was written and then replaced may be among
    /// them.</returns>
    Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken);

    /// <summary>Removes each document if its stored version still is <see cref="Document{T}.Version"/>.</summary>
    /// <returns>The IDs that have a document afterwards: another version of it, or a new one.</returns>
    Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken);

    /// <summary>Reads one page of the documents that match.</summary>
    /// <exception cref="InvalidCursorException">The cursor does not come from an earlier page of this query.</exception>
    Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken);
}

/// <summary>A document with its version: the number of times that it was written.</summary>
public sealed record Document<T>(Guid Id, T Value, long Version);

/// <summary>One page of a query. <paramref name="NextCursor"/> is opaque; null on the last page.</summary>
public sealed record DocumentPage<T>(IReadOnlyList<Document<T>> Items, string? NextCursor);

public static class DocumentCollectionExtensions
{
    /// <summary>Returns a document, or null if there is none with this ID.</summary>
    public static async Task<Document<T>?> GetAsync<T>(this IDocumentCollection<T> collection, Guid id, CancellationToken cancellationToken)
        where T : class =>
        (await collection.GetManyAsync([id], cancellationToken)).GetValueOrDefault(id);

    /// <summary>Inserts documents with version 1. Returns the IDs that existed; their documents are unchanged.</summary>
    public static Task<IReadOnlySet<Guid>> InsertManyAsync<T>(
        this IDocumentCollection<T> collection, IReadOnlyDictionary<Guid, T> documents, CancellationToken cancellationToken)
        where T : class =>
        collection.BulkUpsertAsync([.. documents.Select(document => new Document<T>(document.Key, document.Value, 0))], cancellationToken);
}

namespace ForgeShop.Documents;

/// <summary>The part of a collection that does not depend on the store: creation at its first use, cursors and pages.</summary>
internal abstract class DocumentCollection<T>(DocumentModel<T> model) : IDocumentCollection<T> where T : class
{
    private readonly Lock _lock = new();
    private Task? _creation;

    protected DocumentModel<T> Model { get; } = model;

    /// <summary>Creates the collection and its indexes if they are absent; concurrent calls are safe.</summary>
    protected abstract Task CreateAsync();

    protected abstract Task<List<Document<T>>> ReadAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    protected abstract Task<HashSet<Guid>> ReadIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Removes documents that are stored with the same version.</summary>
    protected abstract Task RemoveAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken);

    /// <summary>Writes documents with the version after their own; returns the IDs that are stored with another version.</summary>
    protected abstract Task<HashSet<Guid>> WriteAsync(
        IReadOnlyCollection<Document<T>> documents, bool insertOnly, CancellationToken cancellationToken);

    protected abstract Task<List<Document<T>>> FindAsync(
        DocumentQuery<T> query, DocumentCursor? after, int limit, CancellationToken cancellationToken);

    public async Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
        IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await EnsureCreatedAsync(cancellationToken);
        return (await ReadAsync(ids, cancellationToken)).ToDictionary(document => document.Id);
    }

    public async Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await EnsureCreatedAsync(cancellationToken);
        return await ReadIdsAsync(ids, cancellationToken);
    }

    public async Task<IReadOnlySet<Guid>> InsertManyAsync(IReadOnlyDictionary<Guid, T> documents, CancellationToken cancellationToken)
    {
        await EnsureCreatedAsync(cancellationToken);
        return await WriteAsync(
            [.. documents.Select(document => new Document<T>(document.Key, document.Value, 0))], true, cancellationToken);
    }

    public async Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        await EnsureCreatedAsync(cancellationToken);
        return await WriteAsync(documents, false, cancellationToken);
    }

    public async Task<IReadOnlySet<Guid>> DeleteManyAsync(
        IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        await EnsureCreatedAsync(cancellationToken);
        await RemoveAsync(documents, cancellationToken);
        return await ReadIdsAsync([.. documents.Select(document => document.Id)], cancellationToken);
    }

    public async Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken)
    {
        if ((query.Where?.Field ?? query.OrderBy) is { } field
            && !(Model.Fields.Contains(field) && Model.Fields.Contains(query.OrderBy ?? field)))
            throw new ArgumentException($"Collection '{Model.Name}' declares no index with the fields of the query.");
        var after = DocumentCursor.Read(Model, query);
        await EnsureCreatedAsync(cancellationToken);
        // One document more than the limit shows whether there is a next page.
        var found = await FindAsync(query, after, query.Limit + 1, cancellationToken);
        if (found.Count <= query.Limit)
            return new(found, null);
        found.RemoveAt(query.Limit);
        return new(found, new DocumentCursor(query.OrderBy?.ValueOf(found[^1].Value), found[^1].Id).Write(Model, query));
    }

    private Task EnsureCreatedAsync(CancellationToken cancellationToken)
    {
        // One creation at a time: FerretDB damages a collection whose indexes are created twice at once.
        lock (_lock)
        {
            if (_creation is null or { IsCompleted: true, IsCompletedSuccessfully: false })
                _creation = CreateAsync();
            return _creation.WaitAsync(cancellationToken);
        }
    }
}

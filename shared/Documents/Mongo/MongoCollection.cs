using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.Mongo;

/// <summary>
/// One collection. A document is stored as <c>{_id, version, document, fields}</c>: <c>_id</c> a BSON binary of subtype 4, its 16
/// bytes in network order; <c>document</c> the JSON as BSON; <c>fields</c> the declared fields in BSON types that compare.
/// </summary>
internal sealed class MongoCollection<T> : IDocumentCollection<T> where T : class
{
    private readonly DocumentModel<T> _model;
    private readonly IMongoCollection<BsonDocument> _collection;
    private readonly AsyncOnce _create;

    public MongoCollection(IMongoDatabase database, DocumentModel<T> model)
    {
        _model = model;
        _collection = database.GetCollection<BsonDocument>(model.Name);
        _create = new AsyncOnce(new MongoIndexes<T>(_collection, model).CreateAsync);
    }

    public string Name => _model.Name;

    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => _create.RunAsync(cancellationToken).AsTask();

    public async Task<Document<T>?> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await _create.RunAsync(cancellationToken);
        var stored = await _collection.Find(new BsonDocument("_id", MongoValue.Of(id))).FirstOrDefaultAsync(cancellationToken);
        return stored is null ? null : Read(stored);
    }

    public async Task<bool> UpsertAsync(Guid id, T value, long expectedVersion, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        var replacement = new BsonDocument
        {
            { "_id", MongoValue.Of(id) },
            { "version", new BsonInt64(expectedVersion + 1) },
            { "document", BsonJson.FromJson(DocumentJson.Write(_model, value)) },
            { "fields", new BsonDocument(_model.Fields.Select(field => new BsonElement(field.Name, MongoValue.Of(field.ValueOf(value))))) },
        };
        await _create.RunAsync(cancellationToken);
        if (expectedVersion == 0)
            return await InsertAsync(replacement, cancellationToken);

        var asExpected = new BsonDocument { { "_id", MongoValue.Of(id) }, { "version", new BsonInt64(expectedVersion) } };
        var result = await _collection.ReplaceOneAsync(asExpected, replacement, cancellationToken: cancellationToken);
        return result.MatchedCount == 1;
    }

    private async Task<bool> InsertAsync(BsonDocument document, CancellationToken cancellationToken)
    {
        try
        {
            await _collection.InsertOneAsync(document, cancellationToken: cancellationToken);
            return true;
        }
        catch (MongoWriteException exception) when (exception.WriteError?.Category == ServerErrorCategory.DuplicateKey)
        {
            return false;
        }
    }

    public async Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken)
    {
        query.Check(_model);
        var after = DocumentCursor.Read(_model, query);
        await _create.RunAsync(cancellationToken);

        var direction = query.Descending ? -1 : 1;
        var sort = new BsonDocument();
        if (query.Order is not null)
            sort.Add(MongoValue.Path(query.Order), direction);
        sort.Add("_id", direction);

        // One more than asked for: it says that there is a next page.
        var found = await _collection.Find(Filter(query, after)).Sort(sort).Limit(query.Limit + 1).ToListAsync(cancellationToken);
        var items = found.Take(query.Limit).Select(Read).ToList();
        if (found.Count <= query.Limit)
            return new(items, null);
        var last = query.Order is null ? null : MongoValue.ToObject(found[query.Limit - 1]["fields"][query.Order.Name]);
        return new(items, DocumentCursor.Write(_model, query, last, items[^1].Id));
    }

    private static BsonDocument Filter(DocumentQuery<T> query, DocumentCursor? after)
    {
        var conditions = new BsonArray();
        foreach (var (field, comparison, value) in query.Conditions)
        {
            var sign = comparison switch
            {
                DocumentQuery<T>.Comparison.AtLeast => "$gte",
                DocumentQuery<T>.Comparison.Below => "$lt",
                _ => "$eq",
            };
            conditions.Add(new BsonDocument(MongoValue.Path(field), new BsonDocument(sign, MongoValue.Of(value))));
        }

        var order = query.Order is null ? null : MongoValue.Path(query.Order);
        if (order is not null)
            conditions.Add(new BsonDocument(order, new BsonDocument("$ne", BsonNull.Value)));
        if (after is not null)
        {
            var beyond = query.Descending ? "$lt" : "$gt";
            var beyondId = new BsonDocument("_id", new BsonDocument(beyond, MongoValue.Of(after.Id)));
            conditions.Add(order is null
                ? beyondId
                : new BsonDocument("$or", new BsonArray
                {
                    new BsonDocument(order, new BsonDocument(beyond, MongoValue.Of(after.Value))),
                    new BsonDocument("$and", new BsonArray { new BsonDocument(order, MongoValue.Of(after.Value)), beyondId }),
                }));
        }
        return conditions.Count == 0 ? [] : new BsonDocument("$and", conditions);
    }

    private Document<T> Read(BsonDocument stored) => new(
        MongoValue.Id(stored), DocumentJson.Read(_model, BsonJson.ToJson(stored["document"].AsBsonDocument)), stored["version"].ToInt64());
}

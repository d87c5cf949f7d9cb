using System.Text.Json;
using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.Mongo;

/// <summary>
/// Documents stored as <c>{_id, version, document, fields}</c>: <c>_id</c> a BSON binary of subtype 4 (16 bytes in network order);
/// <c>document</c> the JSON as BSON; <c>fields</c> the declared fields in BSON types that compare.
/// </summary>
internal sealed class MongoCollection<T>(IMongoDatabase database, DocumentModel<T> model) : DocumentCollection<T>(model) where T : class
{
    /// <summary>The maximum number of statements in a bulk write. FerretDB, which speaks MongoDB's protocol, hangs at 100 updates.</summary>
    private const int ChunkSize = 80;

    private static readonly BulkWriteOptions Unordered = new() { IsOrdered = false };

    private readonly IMongoCollection<BsonDocument> _collection = database.GetCollection<BsonDocument>(model.Name);

    protected override Task CreateAsync() => Model.Indexes.Length == 0
        ? Task.CompletedTask
        : _collection.Indexes.CreateManyAsync(Model.Indexes.Select(index => new CreateIndexModel<BsonDocument>(
            new BsonDocument(index.Select(Path).Append("_id").Select(path => new BsonElement(path, 1))),
            new CreateIndexOptions { Name = string.Join('_', index.Select(field => field.Name).Prepend("ix")) })));

    protected override Task<List<Document<T>>> ReadAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        ReadAsync(_collection.Find(new BsonDocument("_id", new BsonDocument("$in", new BsonArray(ids.Select(id => Value(id)))))), cancellationToken);

    protected override async Task<HashSet<Guid>> WriteAsync(IReadOnlyCollection<Document<T>> documents, bool insertOnly, CancellationToken cancellationToken)
    {
        var missed = new HashSet<Guid>();
        foreach (var chunk in documents.Chunk(ChunkSize))
        {
            try
            {
                await _collection.BulkWriteAsync(chunk.Select(document => Write(document, insertOnly)), Unordered, cancellationToken);
            }
            catch (MongoBulkWriteException<BsonDocument> exception)
                when (exception.WriteConcernError is null && exception.WriteErrors.All(error => error.Category == ServerErrorCategory.DuplicateKey))
            {
                missed.UnionWith(exception.WriteErrors.Select(error => chunk[error.Index].Id));
            }
        }
        return missed;
    }

    /// <summary>
    /// A replacement finds no document if the stored version is not the expected one. The upsert then inserts, and the server reports the
    /// duplicate <c>_id</c>: the conflict.
    /// </summary>
    private WriteModel<BsonDocument> Write(Document<T> document, bool insertOnly)
    {
        var stored = new BsonDocument
        {
            { "_id", Value(document.Id) },
            { "version", document.Version + 1 },
            { "document", BsonJson.FromJson(JsonSerializer.SerializeToElement(document.Value, Model.Json)) },
            { "fields", new BsonDocument(Model.Fields.Select(field => new BsonElement(field.Name, Value(field.ValueOf(document.Value))))) },
        };
        var expected = new BsonDocument { { "_id", stored["_id"] }, { "version", document.Version } };
        return insertOnly ? new InsertOneModel<BsonDocument>(stored) : new ReplaceOneModel<BsonDocument>(expected, stored) { IsUpsert = true };
    }

    protected override Task<List<Document<T>>> FindAsync(DocumentQuery<T> query, DocumentCursor? after, int limit, CancellationToken cancellationToken)
    {
        var conditions = new BsonArray { new BsonDocument() };
        if (query.Where is var (field, value))
            conditions.Add(new BsonDocument(Path(field), Value(value)));
        var order = query.OrderBy is null ? "_id" : Path(query.OrderBy);
        if (query.OrderBy is not null)
            conditions.Add(new BsonDocument(order, new BsonDocument("$ne", BsonNull.Value)));
        if (query.From is not null)
            conditions.Add(new BsonDocument(order, new BsonDocument("$gte", Value(query.From))));
        if (query.To is not null)
            conditions.Add(new BsonDocument(order, new BsonDocument("$lte", Value(query.To))));
        var (beyond, direction) = query.IsDescending ? ("$lt", -1) : ("$gt", 1);
        if (after is not null)
        {
            var beyondId = new BsonDocument("_id", new BsonDocument(beyond, Value(after.Id)));
            var beyondValue = new BsonDocument(order, new BsonDocument(beyond, Value(after.Value)));
            var atValue = new BsonDocument(order, Value(after.Value));
            conditions.Add(query.OrderBy is null ? beyondId : new BsonDocument("$or", new BsonArray { beyondValue, atValue.Merge(beyondId) }));
        }
        var sort = new BsonDocument(order, direction).Set("_id", direction);
        return ReadAsync(_collection.Find(new BsonDocument("$and", conditions)).Sort(sort).Limit(limit), cancellationToken);
    }

    private async Task<List<Document<T>>> ReadAsync(IFindFluent<BsonDocument, BsonDocument> find, CancellationToken cancellationToken) =>
        [.. (await find.ToListAsync(cancellationToken)).Select(stored => new Document<T>(
            stored["_id"].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard),
            BsonJson.ToJson(stored["document"]).Deserialize(Model.Json)!,
            stored["version"].ToInt64()))];

    private static string Path(DocumentField<T> field) => $"fields.{field.Name}";

    private static BsonValue Value(object? value) => value is Guid uuid ? new BsonBinaryData(uuid, GuidRepresentation.Standard) : BsonValue.Create(value);
}

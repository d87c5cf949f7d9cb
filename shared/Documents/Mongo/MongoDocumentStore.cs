using System.Text.Json;
using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace ForgeShop.Documents.Mongo;

/// <summary>Documents in a MongoDB database. Reads and writes use the majority concern, so that a failover loses no write.</summary>
internal sealed class MongoDocumentStore(IMongoClient client, string databaseName) : IDocumentStore, IDisposable
{
    private readonly IMongoDatabase _database = client.GetDatabase(databaseName)
        .WithReadPreference(ReadPreference.Primary).WithReadConcern(ReadConcern.Majority).WithWriteConcern(WriteConcern.WMajority);

    /// <exception cref="ArgumentException">The URL names no database.</exception>
    public static MongoDocumentStore Open(string connectionString, ILoggerFactory logging)
    {
        var url = MongoUrl.Create(connectionString);
        ArgumentException.ThrowIfNullOrEmpty(url.DatabaseName);
        var settings = MongoClientSettings.FromUrl(url);
        settings.LoggingSettings = new LoggingSettings(logging);
        return new(new MongoClient(settings), url.DatabaseName);
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new MongoCollection<T>(_database, model);

    public Task DropAsync(string collection, CancellationToken cancellationToken) =>
        _database.DropCollectionAsync(collection, cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);

    public void Dispose() => client.Dispose();
}

/// <summary>
/// Documents stored as <c>{_id, version, write, document, fields}</c>: <c>_id</c> a BSON binary of subtype 4 (16 bytes in network order);
/// <c>document</c> the JSON as BSON; <c>fields</c> the declared fields in BSON types that compare.
/// </summary>
internal sealed class MongoCollection<T> : IDocumentCollection<T> where T : class
{
    /// <summary>
    /// The maximum number of statements in a bulk write. FerretDB, which implements MongoDB's protocol, hangs at 100 updates.
    /// </summary>
    private const int ChunkSize = 80;

    private readonly IMongoCollection<BsonDocument> _collection;
    private readonly DocumentModel<T> _model;
    private readonly CollectionCreation _creation;

    public MongoCollection(IMongoDatabase database, DocumentModel<T> model) =>
        (_collection, _model, _creation) = (database.GetCollection<BsonDocument>(model.Name), model, new(CreateAsync));

    /// <summary>Creates the missing indexes only: FerretDB panics at some that exist already.</summary>
    private async Task CreateAsync()
    {
        using var listed = await _collection.Indexes.ListAsync();
        var existing = (await listed.ToListAsync()).Select(index => index["name"].AsString).ToHashSet();
        var missing = _model.Indexes
            .Select(index => new CreateIndexModel<BsonDocument>(
                new BsonDocument(index.Select(Path).Append("_id").Select(path => new BsonElement(path, 1))),
                new CreateIndexOptions { Name = string.Join('_', index.Select(field => field.Name).Prepend("ix")) }))
            .Where(index => !existing.Contains(index.Options.Name)).ToList();
        if (missing.Count > 0)
            await _collection.Indexes.CreateManyAsync(missing);
    }

    public async Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
        IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        (await ReadAsync(_collection.Find(In(ids)), cancellationToken)).ToDictionary(document => document.Id);

    public async Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(cancellationToken);
        return (await FindIdsAsync(In(ids), cancellationToken)).ToHashSet();
    }

    public async Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(cancellationToken);
        foreach (var chunk in documents.Chunk(ChunkSize))
            await _collection.BulkWriteAsync(
                chunk.Select(document => new DeleteOneModel<BsonDocument>(Stored(document))), new BulkWriteOptions { IsOrdered = false },
                cancellationToken);
        return await FindIdsAsync([.. documents.Select(document => document.Id)], cancellationToken);
    }

    public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) =>
        _model.ReadPageAsync(query, (after, limit) => FindAsync(query, after, limit, cancellationToken));

    public async Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(cancellationToken);
        var missed = new HashSet<Guid>();
        foreach (var chunk in documents.Where(document => document.Version == 0).Chunk(ChunkSize))
        {
            try
            {
                await _collection.InsertManyAsync(
                    chunk.Select(document => ToBson(document, Guid.Empty)), new() { IsOrdered = false }, cancellationToken);
            }
            catch (MongoBulkWriteException<BsonDocument> exception)
                when (exception.WriteConcernError is null
                    && exception.WriteErrors.All(error => error.Category == ServerErrorCategory.DuplicateKey))
            {
                missed.UnionWith(exception.WriteErrors.Select(error => chunk[error.Index].Id));
            }
        }
        foreach (var chunk in documents.Where(document => document.Version > 0).Chunk(ChunkSize))
            missed.UnionWith(await ReplaceAsync(chunk, cancellationToken));
        return missed;
    }

    /// <summary>The server returns only the number of replaced documents; the ID of the write, stored in them, identifies them.</summary>
    private async Task<IEnumerable<Guid>> ReplaceAsync(Document<T>[] documents, CancellationToken cancellationToken)
    {
        var write = Guid.NewGuid();
        var replacements = documents.Select(document => new ReplaceOneModel<BsonDocument>(Stored(document), ToBson(document, write)));
        var result = await _collection.BulkWriteAsync(replacements, new BulkWriteOptions { IsOrdered = false }, cancellationToken);
        if (result.MatchedCount == documents.Length)
            return [];
        var ids = documents.Select(document => document.Id);
        return ids.Except(await FindIdsAsync(In(ids).Set("write", Value(write)), cancellationToken));
    }

    private BsonDocument ToBson(Document<T> document, Guid write) => new()
    {
        { "_id", Value(document.Id) },
        { "version", document.Version + 1 },
        { "write", Value(write) },
        { "document", BsonJson.FromJson(JsonSerializer.SerializeToElement(document.Value, _model.Json)) },
        { "fields", new BsonDocument(_model.Fields.Select(field => new BsonElement(field.Name, Value(field.ValueOf(document.Value))))) },
    };

    private Task<List<Document<T>>> FindAsync(
        DocumentQuery<T> query, DocumentCursor? after, int limit, CancellationToken cancellationToken)
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
            conditions.Add(
                query.OrderBy is null ? beyondId : new BsonDocument("$or", new BsonArray { beyondValue, atValue.Merge(beyondId) }));
        }
        var sort = new BsonDocument(order, direction).Set("_id", direction);
        return ReadAsync(_collection.Find(new BsonDocument("$and", conditions)).Sort(sort).Limit(limit), cancellationToken);
    }

    private async Task<List<Document<T>>> ReadAsync(IFindFluent<BsonDocument, BsonDocument> find, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(cancellationToken);
        return [.. (await find.ToListAsync(cancellationToken)).Select(stored => new Document<T>(
            IdOf(stored), BsonJson.ToJson(stored["document"]).Deserialize(_model.Json)!, stored["version"].ToInt64()))];
    }

    private async Task<IEnumerable<Guid>> FindIdsAsync(BsonDocument filter, CancellationToken cancellationToken) =>
        (await _collection.Find(filter).Project(new BsonDocument("_id", 1)).ToListAsync(cancellationToken)).Select(IdOf);

    private static Guid IdOf(BsonDocument stored) => stored["_id"].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard);

    private static BsonDocument Stored(Document<T> document) => new() { { "_id", Value(document.Id) }, { "version", document.Version } };

    private static BsonDocument In(IEnumerable<Guid> ids) =>
        new("_id", new BsonDocument("$in", new BsonArray(ids.Select(id => Value(id)))));

    private static string Path(DocumentField<T> field) => $"fields.{field.Name}";

    private static BsonValue Value(object? value) =>
        value is Guid uuid ? new BsonBinaryData(uuid, GuidRepresentation.Standard) : BsonValue.Create(value);
}

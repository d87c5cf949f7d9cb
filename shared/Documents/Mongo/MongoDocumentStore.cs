using MongoDB.Driver.Core.Configuration;

namespace ForgeShop.Documents;

/// <summary>Documents in a MongoDB database. Reads and writes use the majority concern, so that a failover loses no write.</summary>
internal sealed class MongoDocumentStore(IMongoDatabase database) : IDocumentStore, IDisposable
{
    /// <exception cref="ArgumentException">The URL names no database.</exception>
    public static MongoDocumentStore Open(string connectionString, ILoggerFactory logging)
    {
        var url = MongoUrl.Create(connectionString);
        var settings = MongoClientSettings.FromUrl(url);
        settings.LoggingSettings = new LoggingSettings(logging);
        settings.ReadPreference = ReadPreference.Primary;
        (settings.ReadConcern, settings.WriteConcern) = (ReadConcern.Majority, WriteConcern.WMajority);
        return new(new MongoClient(settings).GetDatabase(url.DatabaseName));
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new MongoCollection<T>(database, model);

    public Task DropAsync(string collection, CancellationToken cancellationToken) =>
        database.DropCollectionAsync(collection, cancellationToken);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        await database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);
        return HealthCheckResult.Healthy();
    }

    public void Dispose() => database.Client.Dispose();
}

/// <summary>
/// Documents stored as <c>{_id, version, write, document, fields}</c>: <c>_id</c> a BSON binary of subtype 4 (16 bytes in network order);
/// <c>write</c> the ID of the last bulk write; <c>document</c> the JSON as BSON; <c>fields</c> the declared fields in types that compare.
/// </summary>
internal sealed class MongoCollection<T>(IMongoDatabase database, DocumentModel<T> model) : IDocumentCollection<T> where T : class
{
    /// <summary>The maximum number of statements in a bulk write. FerretDB, a server with MongoDB's protocol, hangs at 100.</summary>
    private const int ChunkSize = 80;

    private readonly CollectionCreation _creation = new();
    private readonly IMongoCollection<BsonDocument> _collection = database.GetCollection<BsonDocument>(model.Name);

    public async Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
        IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        (await ReadAsync(_collection.Find(In(ids)), cancellationToken)).ToDictionary(document => document.Id);

    public Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        FindIdsAsync(In(ids), cancellationToken);

    public async Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        var missed = new HashSet<Guid>();
        foreach (var chunk in documents.Chunk(ChunkSize))
        {
            // The server returns the number of written documents; the ID of the write, stored in them, tells which ones.
            var write = Guid.NewGuid();
            var writes = chunk.Select<Document<T>, WriteModel<BsonDocument>>(document => document.Version == 0
                ? new InsertOneModel<BsonDocument>(ToBson(document, write))
                : new ReplaceOneModel<BsonDocument>(Stored(document), ToBson(document, write)));
            if (await WriteAsync(writes, cancellationToken) == chunk.Length)
                continue;
            var ids = chunk.Select(document => document.Id).ToList();
            missed.UnionWith(ids.Except(await FindIdsAsync(In(ids).Set("write", Value(write)), cancellationToken)));
        }
        return missed;
    }

    public async Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        foreach (var chunk in documents.Chunk(ChunkSize))
            await WriteAsync(chunk.Select(document => new DeleteOneModel<BsonDocument>(Stored(document))), cancellationToken);
        return await FindIdsAsync([.. documents.Select(document => document.Id)], cancellationToken);
    }

    public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) =>
        model.ReadPageAsync(query, (after, limit) => FindAsync(query, after, limit, cancellationToken));

    /// <summary>Creates the missing indexes only: FerretDB panics at some that exist already.</summary>
    private async Task CreateAsync()
    {
        using var listed = await _collection.Indexes.ListAsync();
        var existing = (await listed.ToListAsync()).Select(index => index["name"].AsString).ToHashSet();
        foreach (var index in model.Indexes)
        {
            var name = string.Join('_', index.Select(field => field.Name).Prepend("ix"));
            var keys = new BsonDocument(index.Select(Path).Append("_id").Select(path => new BsonElement(path, 1)));
            if (!existing.Contains(name))
                await _collection.Indexes.CreateOneAsync(new CreateIndexModel<BsonDocument>(keys, new() { Name = name }));
        }
    }

    /// <summary>Returns the number of documents that were inserted or replaced. An ID that exists is not inserted.</summary>
    private async Task<long> WriteAsync(IEnumerable<WriteModel<BsonDocument>> writes, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(CreateAsync, cancellationToken);
        BulkWriteResult result;
        try
        {
            result = await _collection.BulkWriteAsync(writes, new BulkWriteOptions { IsOrdered = false }, cancellationToken);
        }
        catch (MongoBulkWriteException<BsonDocument> exception)
            when (exception.WriteConcernError is null
                && exception.WriteErrors.All(error => error.Category == ServerErrorCategory.DuplicateKey))
        {
            result = exception.Result;
        }
        return result.InsertedCount + result.MatchedCount;
    }

    private BsonDocument ToBson(Document<T> document, Guid write) => new()
    {
        { "_id", Value(document.Id) },
        { "version", document.Version + 1 },
        { "write", Value(write) },
        { "document", BsonJson.FromJson(JsonSerializer.SerializeToElement(document.Value, model.Json)) },
        { "fields", new BsonDocument(model.Fields.Select(field => new BsonElement(field.Name, Value(field.ValueOf(document.Value))))) },
    };

    private Task<List<Document<T>>> FindAsync(
        DocumentQuery<T> query, DocumentPosition? after, int limit, CancellationToken cancellationToken)
    {
        var filter = Builders<BsonDocument>.Filter;
        var order = query.OrderBy is null ? "_id" : Path(query.OrderBy);
        var conditions = filter.Ne(order, Value(null));
        if (query.Where is var (field, value))
            conditions &= filter.Eq(Path(field), Value(value));
        if (query.From is not null)
            conditions &= filter.Gte(order, Value(query.From));
        if (query.To is not null)
            conditions &= filter.Lte(order, Value(query.To));
        if (after is not null && query.OrderBy is null)
            conditions &= Beyond("_id", after.Id);
        else if (after is not null)
            conditions &= Beyond(order, after.Value) | (filter.Eq(order, Value(after.Value)) & Beyond("_id", after.Id));
        var direction = query.IsDescending ? -1 : 1;
        var sort = new BsonDocument(order, direction).Set("_id", direction);
        return ReadAsync(_collection.Find(conditions).Sort(sort).Limit(limit), cancellationToken);

        FilterDefinition<BsonDocument> Beyond(string path, object? end) =>
            query.IsDescending ? filter.Lt(path, Value(end)) : filter.Gt(path, Value(end));
    }

    private async Task<List<Document<T>>> ReadAsync(IFindFluent<BsonDocument, BsonDocument> find, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(CreateAsync, cancellationToken);
        return [.. (await find.ToListAsync(cancellationToken)).Select(stored => new Document<T>(
            IdOf(stored), BsonJson.ToJson(stored["document"]).Deserialize(model.Json)!, stored["version"].ToInt64()))];
    }

    private async Task<IReadOnlySet<Guid>> FindIdsAsync(BsonDocument filter, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(CreateAsync, cancellationToken);
        var found = await _collection.Find(filter).Project(new BsonDocument("_id", 1)).ToListAsync(cancellationToken);
        return found.Select(IdOf).ToHashSet();
    }

    private static Guid IdOf(BsonDocument stored) => stored["_id"].AsBsonBinaryData.ToGuid(GuidRepresentation.Standard);

    private static BsonDocument Stored(Document<T> document) => new() { { "_id", Value(document.Id) }, { "version", document.Version } };

    private static BsonDocument In(IEnumerable<Guid> ids) =>
        new("_id", new BsonDocument("$in", new BsonArray(ids.Select(id => Value(id)))));

    private static string Path(DocumentField<T> field) => $"fields.{field.Name}";

    private static BsonValue Value(object? value) =>
        value is Guid uuid ? new BsonBinaryData(uuid, GuidRepresentation.Standard) : BsonValue.Create(value);
}

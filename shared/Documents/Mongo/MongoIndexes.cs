using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.Mongo;

/// <summary>Creates the indexes that are missing, and fills their fields in documents that were written before they were declared.</summary>
internal sealed class MongoIndexes<T>(IMongoCollection<BsonDocument> collection, DocumentModel<T> model) where T : class
{
    private const int BackfillBatch = 500;

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        using var cursor = await collection.Indexes.ListAsync(cancellationToken);
        var existing = (await cursor.ToListAsync(cancellationToken)).Select(index => index["name"].AsString).ToHashSet();
        var missing = model.Indexes.Where(index => !existing.Contains(NameOf(index))).ToList();
        if (missing.Count == 0)
            return;

        await BackfillAsync([.. missing.SelectMany(index => index).Distinct()], cancellationToken);
        // Idempotent on the server: replicas that start together ask for the same indexes under the same names.
        await collection.Indexes.CreateManyAsync(
            missing.Select(index => new CreateIndexModel<BsonDocument>(KeysOf(index), new CreateIndexOptions { Name = NameOf(index) })), cancellationToken);
    }

    private static string NameOf(IReadOnlyList<DocumentField<T>> index) => string.Join('_', index.Select(field => field.Name).Prepend("ix"));

    private static BsonDocument KeysOf(IReadOnlyList<DocumentField<T>> index) =>
        new(index.Select(MongoValue.Path).Append("_id").Select(path => new BsonElement(path, 1)));

    private async Task BackfillAsync(List<DocumentField<T>> fields, CancellationToken cancellationToken)
    {
        var lacking = new BsonDocument("$or", new BsonArray(fields.Select(field =>
            new BsonDocument(MongoValue.Path(field), new BsonDocument("$exists", false)))));
        var filter = lacking;
        while (true)
        {
            var batch = await collection.Find(filter).Sort(new BsonDocument("_id", 1)).Limit(BackfillBatch).ToListAsync(cancellationToken);
            if (batch.Count == 0)
                return;
            // Only if nobody wrote in between: whoever did has filled in all fields.
            await collection.BulkWriteAsync(batch.Select(stored => new UpdateOneModel<BsonDocument>(
                new BsonDocument { { "_id", stored["_id"] }, { "version", stored["version"] } }, Set(stored, fields))), cancellationToken: cancellationToken);
            filter = new BsonDocument("$and", new BsonArray { lacking, new BsonDocument("_id", new BsonDocument("$gt", batch[^1]["_id"])) });
        }
    }

    private BsonDocument Set(BsonDocument stored, List<DocumentField<T>> fields)
    {
        var document = DocumentJson.Read(model, BsonJson.ToJson(stored["document"].AsBsonDocument));
        return new("$set", new BsonDocument(fields.Select(field => new BsonElement(MongoValue.Path(field), MongoValue.Of(field.ValueOf(document))))));
    }
}

using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.MongoDB;

/// <summary>
/// Documents in a MongoDB database. What was written is what a majority holds, and reads see no less: a version once seen cannot
/// be rolled back, or compare-and-set would compare with nothing.
/// </summary>
internal sealed class MongoDocumentStore(IMongoClient client, string databaseName) : IDocumentStore, IDisposable
{
    private readonly IMongoDatabase _database = client.GetDatabase(databaseName)
        .WithReadPreference(ReadPreference.Primary)
        .WithReadConcern(ReadConcern.Majority)
        .WithWriteConcern(WriteConcern.WMajority);

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new MongoCollection<T>(_database, model);

    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);

    public void Dispose() => client.Dispose();
}

using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace ForgeShop.Documents.Mongo;

/// <summary>Documents in a MongoDB database. Reads and writes are those of a majority, so that a failover loses none.</summary>
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

    public Task DropAsync(string collection, CancellationToken cancellationToken) => _database.DropCollectionAsync(collection, cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);

    public void Dispose() => client.Dispose();
}

using Microsoft.Extensions.Logging;
using MongoDB.Bson;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace ForgeShop.Documents.Mongo;

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

    /// <summary>Returns whether <paramref name="connectionString"/> is a MongoDB URL.</summary>
    public static bool Serves(string connectionString) =>
        connectionString.StartsWith("mongodb://", StringComparison.OrdinalIgnoreCase)
        || connectionString.StartsWith("mongodb+srv://", StringComparison.OrdinalIgnoreCase);

    /// <exception cref="InvalidOperationException">The URL names no database.</exception>
    public static MongoDocumentStore Open(string connectionString, ILoggerFactory logging)
    {
        var url = MongoUrl.Create(connectionString);
        if (string.IsNullOrEmpty(url.DatabaseName))
            throw new InvalidOperationException("The MongoDB connection string for the documents names no database.");
        var settings = MongoClientSettings.FromUrl(url);
        settings.LoggingSettings = new LoggingSettings(logging);
        return new MongoDocumentStore(new MongoClient(settings), url.DatabaseName);
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new MongoCollection<T>(_database, model);

    public Task PingAsync(CancellationToken cancellationToken) =>
        _database.RunCommandAsync<BsonDocument>(new BsonDocument("ping", 1), cancellationToken: cancellationToken);

    public void Dispose() => client.Dispose();
}

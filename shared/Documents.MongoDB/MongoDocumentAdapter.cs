using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MongoDB.Driver;
using MongoDB.Driver.Core.Configuration;

namespace ForgeShop.Documents.MongoDB;

/// <summary>Found by name through its interface when a connection string asks for MongoDB.</summary>
public sealed class MongoDocumentAdapter : IDocumentAdapter
{
    public IDocumentStore Open(string connectionString, IServiceProvider services)
    {
        var url = MongoUrl.Create(connectionString);
        if (string.IsNullOrEmpty(url.DatabaseName))
            throw new InvalidOperationException("The MongoDB connection string for the documents names no database.");
        var settings = MongoClientSettings.FromUrl(url);
        settings.LoggingSettings = new LoggingSettings(services.GetRequiredService<ILoggerFactory>());
        return new MongoDocumentStore(new MongoClient(settings), url.DatabaseName);
    }
}

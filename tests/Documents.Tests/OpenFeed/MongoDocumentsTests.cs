using MongoDB.Bson;
using MongoDB.Driver;
using Testcontainers.MongoDb;

namespace ForgeShop.Documents.Tests.OpenFeed;

public sealed class MongoServer : IAsyncLifetime
{
    private readonly MongoDbContainer _container = new MongoDbBuilder("mongo:8.3").Build();

    public string ConnectionString => new MongoUrlBuilder(_container.GetConnectionString()) { DatabaseName = "documents", AuthenticationSource = "admin" }.ToString();

    public async ValueTask InitializeAsync() => await _container.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _container.DisposeAsync();
}

/// <summary>The contract, against MongoDB.</summary>
public sealed class MongoDocumentsTests(MongoServer server) : DocumentStoreContract, IClassFixture<MongoServer>
{
    protected override string ConnectionString => server.ConnectionString;

    protected override async Task<byte[]> ReadRawIdAsync(Guid id)
    {
        using var client = new MongoClient(server.ConnectionString);
        var stored = await client.GetDatabase("documents").GetCollection<BsonDocument>(CollectionName).Find(new BsonDocument()).SingleAsync(Cancelled);
        var binary = stored["_id"].AsBsonBinaryData;
        binary.SubType.ShouldBe(BsonBinarySubType.UuidStandard);
        return binary.Bytes;
    }
}

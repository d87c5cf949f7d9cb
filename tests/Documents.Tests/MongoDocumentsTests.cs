using ForgeShop.TestSupport;
using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.Tests;

public sealed class MongoFixture : IAsyncLifetime
{
    private readonly MongoServer _server = new();

    public string ConnectionString =>
        new MongoUrlBuilder(_server.ConnectionString)
        {
            DatabaseName = "documents", AuthenticationSource = "admin", SocketTimeout = TimeSpan.FromMinutes(1),
        }.ToString();

    public async ValueTask InitializeAsync()
    {
        if (MongoServer.Missing is null)
            await _server.StartAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

/// <summary>The contract, against MongoDB.</summary>
public sealed class MongoDocumentsTests(MongoFixture server) : DocumentStoreContract, IClassFixture<MongoFixture>
{
    public override ValueTask InitializeAsync()
    {
        Assert.SkipUnless(MongoServer.Missing is null, MongoServer.Missing ?? "");
        return base.InitializeAsync();
    }

    protected override string ConnectionString => server.ConnectionString;

    protected override async Task<byte[]> ReadRawIdAsync(Guid id)
    {
        using var client = new MongoClient(server.ConnectionString);
        var collection = client.GetDatabase("documents").GetCollection<BsonDocument>(CollectionName);
        var stored = await collection.Find(new BsonDocument()).SingleAsync(Cancelled);
        var binary = stored["_id"].AsBsonBinaryData;
        binary.SubType.ShouldBe(BsonBinarySubType.UuidStandard);
        return binary.Bytes;
    }
}

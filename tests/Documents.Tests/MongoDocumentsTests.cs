using ForgeShop.TestSupport;
using MongoDB.Bson;
using MongoDB.Driver;

namespace ForgeShop.Documents.Tests;

/// <summary>A MongoDB server: the one of the environment variable <c>MONGODB_URL</c>, or a container.</summary>
public sealed class MongoFixture : IAsyncLifetime
{
    private static readonly string? Url = Environment.GetEnvironmentVariable("MONGODB_URL");
    private readonly MongoServer _server = new();

    /// <summary>Gets the reason why there is no server; null if there is one.</summary>
    public static string? Missing => Url is null ? MongoServer.Missing : null;

    public string ConnectionString => Url
        ?? new MongoUrlBuilder(_server.ConnectionString)
        {
            DatabaseName = "documents", AuthenticationSource = "admin", SocketTimeout = TimeSpan.FromMinutes(1),
        }.ToString();

    public async ValueTask InitializeAsync()
    {
        if (Url is null && Missing is null)
            await _server.StartAsync(TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

/// <summary>The contract on MongoDB.</summary>
public sealed class MongoDocumentsTests(MongoFixture server) : DocumentStoreContract, IClassFixture<MongoFixture>
{
    public override ValueTask InitializeAsync()
    {
        Assert.SkipUnless(MongoFixture.Missing is null, MongoFixture.Missing ?? "");
        return base.InitializeAsync();
    }

    protected override string ConnectionString => server.ConnectionString;

    protected override async Task<byte[]> ReadRawIdAsync(Guid id)
    {
        using var client = new MongoClient(server.ConnectionString);
        var collection = client.GetDatabase(MongoUrl.Create(server.ConnectionString).DatabaseName)
            .GetCollection<BsonDocument>(CollectionName);
        var stored = await collection.Find(new BsonDocument()).SingleAsync(Cancelled);
        var binary = stored["_id"].AsBsonBinaryData;
        binary.SubType.ShouldBe(BsonBinarySubType.UuidStandard);
        return binary.Bytes;
    }

    protected override async Task<string?> WhyNoCreationTwiceAtOnceAsync()
    {
        using var client = new MongoClient(server.ConnectionString);
        var build = await client.GetDatabase("admin")
            .RunCommandAsync<BsonDocument>(new BsonDocument("buildInfo", 1), cancellationToken: Cancelled);
        return build.Contains("ferretdbVersion") ? "FerretDB damages a collection whose indexes are created twice at once" : null;
    }
}

using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Documents.Tests;

/// <summary>
/// The behaviour of every document store. Each test has a collection of its own; one class for each store derives from this.
/// </summary>
public abstract partial class DocumentStoreContract : IAsyncLifetime
{
    protected static readonly Guid Owner = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");
    protected static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly List<IHost> _hosts = [];

    protected CancellationToken Cancelled { get; } = TestContext.Current.CancellationToken;

    protected string CollectionName { get; } = $"c_{Guid.NewGuid():N}";

    protected IDocumentCollection<Item> Items { get; private set; } = null!;

    protected abstract string ConnectionString { get; }

    /// <summary>Returns the reason why this server cannot create a collection for two clients at once; null if it can.</summary>
    protected virtual Task<string?> WhyNoCreationTwiceAtOnceAsync() => Task.FromResult<string?>(null);

    /// <summary>Reads the bytes of an ID from the store, past the adapter.</summary>
    protected abstract Task<byte[]> ReadRawIdAsync(Guid id);

    public virtual ValueTask InitializeAsync()
    {
        Items = OpenStore().Collection(Item.Model(CollectionName));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.Services.GetRequiredService<IDocumentStore>().DropAsync(CollectionName, CancellationToken.None);
            host.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens the store as one more process does.</summary>
    protected IDocumentStore OpenStore()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:documents"] = ConnectionString;
        builder.AddDocuments("documents");
        var host = builder.Build();
        _hosts.Add(host);
        return host.Services.GetRequiredService<IDocumentStore>();
    }

    protected async Task<Guid> AddAsync(Item item, Guid? id = null)
    {
        var added = id ?? Guid.NewGuid();
        (await Items.InsertManyAsync(new Dictionary<Guid, Item> { [added] = item }, Cancelled)).ShouldBeEmpty();
        return added;
    }

    private async Task<bool> UpsertAsync(Guid id, Item item, long expectedVersion) =>
        (await Items.BulkUpsertAsync([new(id, item, expectedVersion)], Cancelled)).Count == 0;

    private async Task<List<TValue>> FindAsync<TValue>(DocumentQuery<Item> query, Func<Item, TValue> select) =>
        [.. (await Items.QueryAsync(query, Cancelled)).Items.Select(item => select(item.Value))];

    [Fact]
    public async Task Get_returns_the_document_as_it_was_written()
    {
        var anything = """
            {"money":"12.50","price":12.50,"tenth":0.1,"huge":79228162514264337593543950335,"whole":9223372036854775807,"minus":-3,
             "text":"Grüße, 世界 😀 \"quoted\" \\u0000 \u0007","$oid":"data","$date":{"$numberLong":"1"},"\\$":"\\","a.b":true,"":"",
             "list":[1,"two",{},null,false],"empty":[],"deep":{"deeper":{"deepest":[{"x":1}]}}}
            """;
        var item = new Item
        {
            Owner = Guid.NewGuid(),
            Name = "Zoë",
            Count = long.MinValue,
            Price = 0.10m,
            At = new DateTimeOffset(2026, 2, 28, 23, 59, 59, TimeSpan.Zero).AddTicks(1234567),
            Anything = JsonElement.Parse(anything),
        };

        var id = await AddAsync(item);

        var stored = (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull();
        (stored.Id, stored.Version).ShouldBe((id, 1));
        (stored.Value with { Anything = null }).ShouldBe(item with { Anything = null });
        stored.Value.Price.ToString().ShouldBe("0.10");
        JsonElement.DeepEquals(stored.Value.Anything!.Value, item.Anything.Value).ShouldBeTrue();
        stored.Value.Anything.Value.GetProperty("price").GetRawText().ShouldBe("12.50");
        stored.Value.Anything.Value.GetProperty("huge").GetDecimal().ShouldBe(decimal.MaxValue);
    }

    [Fact]
    public async Task GetMany_returns_only_the_documents_that_exist()
    {
        var ids = new List<Guid>();
        for (var index = 0; index < 250; index++)
            ids.Add(Guid.NewGuid());
        await Items.InsertManyAsync(ids.Take(200).ToDictionary(id => id, id => new Item { Owner = id }), Cancelled);

        var found = await Items.GetManyAsync(ids, Cancelled);

        found.Keys.ShouldBe(ids.Take(200), ignoreOrder: true);
        found.ShouldAllBe(document => document.Value.Value.Owner == document.Key && document.Value.Id == document.Key);
        (await Items.GetManyAsync([], Cancelled)).ShouldBeEmpty();
        (await Items.GetAsync(ids[^1], Cancelled)).ShouldBeNull();
    }

    [Fact]
    public async Task Id_is_stored_as_16_bytes_in_network_order()
    {
        var id = await AddAsync(new(), Guid.Parse("00112233-4455-5677-8899-aabbccddeeff"));

        Convert.ToHexStringLower(await ReadRawIdAsync(id)).ShouldBe("00112233445556778899aabbccddeeff");
    }

    [Fact]
    public async Task Replicas_that_start_together_create_the_collection_once()
    {
        if (await WhyNoCreationTwiceAtOnceAsync() is { } reason)
            Assert.Skip(reason);
        var replicas = Enumerable.Range(0, 8).Select(_ => OpenStore().Collection(Item.Model(CollectionName))).ToList();

        await Task.WhenAll(replicas.Select(async replica =>
        {
            var documents = new Dictionary<Guid, Item> { [Guid.NewGuid()] = new() { Count = 7 } };
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    await replica.InsertManyAsync(documents, Cancelled);
                    return;
                }
                catch (Exception exception) when (DocumentStoreErrors.IsTransient(exception) && attempt < 20)
                {
                    await Task.Delay(Random.Shared.Next(100), Cancelled);
                }
            }
        }));

        (await FindAsync(new() { Where = (Item.CountField, 7L) }, item => item.Count)).Count.ShouldBe(8);
    }

    [Fact]
    public async Task Dropped_collection_is_gone_and_dropping_it_again_does_nothing()
    {
        var id = await AddAsync(new());
        var store = OpenStore();

        await store.DropAsync(CollectionName, Cancelled);
        await store.DropAsync(CollectionName, Cancelled);

        (await store.Collection(Item.Model(CollectionName)).GetAsync(id, Cancelled)).ShouldBeNull();
    }
}

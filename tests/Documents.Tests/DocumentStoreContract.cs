using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Documents.Tests;

/// <summary>
/// What every document store must do. One class a store derives from this and says where the store is; each test has a collection
/// of its own. The tests are in several files, a subject each.
/// </summary>
public abstract partial class DocumentStoreContract : IAsyncLifetime
{
    private readonly List<IHost> _hosts = [];

    protected CancellationToken Cancelled { get; } = TestContext.Current.CancellationToken;

    protected string CollectionName { get; } = $"c_{Guid.NewGuid():N}";

    protected IDocumentCollection<Item> Items { get; private set; } = null!;

    protected abstract string ConnectionString { get; }

    /// <summary>The bytes of an ID as the store keeps them, read past the adapter.</summary>
    protected abstract Task<byte[]> ReadRawIdAsync(Guid id);

    public virtual ValueTask InitializeAsync()
    {
        Items = Open(Item.Model(CollectionName));
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
            host.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>The collection as one more program would open it, with a store of its own.</summary>
    protected IDocumentCollection<T> Open<T>(DocumentModel<T> model) where T : class
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:documents"] = ConnectionString;
        builder.AddDocuments("documents", documents => documents.Collection(model));
        var host = builder.Build();
        _hosts.Add(host);
        return host.Services.GetRequiredService<IDocumentCollection<T>>();
    }

    protected async Task<Guid> AddAsync(Item item)
    {
        var id = Guid.NewGuid();
        (await Items.UpsertAsync(id, item, 0, Cancelled)).ShouldBeTrue();
        return id;
    }

    [Fact]
    public async Task A_document_that_is_not_there_is_null() =>
        (await Items.GetAsync(Guid.NewGuid(), Cancelled)).ShouldBeNull();

    [Fact]
    public async Task A_document_comes_back_as_it_was_written()
    {
        var anything = """
            {"money":"12.50","price":12.50,"tenth":0.1,"huge":79228162514264337593543950335,"whole":9223372036854775807,"minus":-3,
             "text":"Grüße, 世界 😀 \"quoted\" \\u0000 \u0007","$oid":"no instruction","$date":{"$numberLong":"1"},"a.b":true,"":"",
             "list":[1,"two",[],{},null,false],"deep":{"deeper":{"deepest":[{"x":1}]}}}
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
        stored.Id.ShouldBe(id);
        stored.Version.ShouldBe(1);
        (stored.Value with { Anything = null }).ShouldBe(item with { Anything = null });
        stored.Value.Price.ToString().ShouldBe("0.10");
        JsonElement.DeepEquals(stored.Value.Anything!.Value, item.Anything.Value).ShouldBeTrue();
        stored.Value.Anything.Value.GetProperty("price").GetRawText().ShouldBe("12.50");
        stored.Value.Anything.Value.GetProperty("huge").GetDecimal().ShouldBe(decimal.MaxValue);
    }

    [Fact]
    public async Task The_ID_is_stored_as_its_16_bytes_in_network_order()
    {
        var id = Guid.Parse("00112233-4455-5677-8899-aabbccddeeff");
        await Items.UpsertAsync(id, new(), 0, Cancelled);

        Convert.ToHexStringLower(await ReadRawIdAsync(id)).ShouldBe("00112233445556778899aabbccddeeff");
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("a\\\0")]
    [InlineData("\\u0000\0")]
    public async Task A_document_with_the_character_NUL_is_refused_and_nothing_is_written(string name)
    {
        var id = Guid.NewGuid();
        await Should.ThrowAsync<ArgumentException>(() => Items.UpsertAsync(id, new() { Name = name }, 0, Cancelled));
        (await Items.GetAsync(id, Cancelled)).ShouldBeNull();
    }

    [Fact]
    public async Task Replicas_that_start_together_create_the_collection_once()
    {
        var replicas = Enumerable.Range(0, 8).Select(_ => Open(Item.Model(CollectionName))).ToList();

        await Task.WhenAll(replicas.Select(replica => replica.EnsureCreatedAsync(Cancelled)));
        await Task.WhenAll(replicas.Select(replica => replica.UpsertAsync(Guid.NewGuid(), new() { Count = 7 }, 0, Cancelled)));

        (await Items.QueryAsync(new DocumentQuery<Item>().Where(Item.CountField, 7), Cancelled)).Items.Count.ShouldBe(8);
    }

    [Fact]
    public async Task A_field_that_is_declared_later_is_filled_in_for_the_documents_that_are_there()
    {
        var before = Open(new DocumentModel<Item>(CollectionName, ItemJson.Default.Item, [Item.CountField]));
        for (var index = 0; index < 1100; index++)
            (await before.UpsertAsync(Guid.NewGuid(), new() { Count = index, Name = index % 100 == 0 ? "hundred" : null }, 0, Cancelled)).ShouldBeTrue();

        var after = Open(new DocumentModel<Item>(CollectionName, ItemJson.Default.Item, [Item.CountField], [Item.NameField, Item.CountField]));
        var found = await after.QueryAsync(new DocumentQuery<Item>().Where(Item.NameField, "hundred").OrderBy(Item.CountField), Cancelled);

        found.Items.Select(item => item.Value.Count).ShouldBe([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
        found.Items.ShouldAllBe(item => item.Version == 1);
    }
}

namespace ForgeShop.Documents.Tests;

public sealed class DeclarationTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Items")]
    [InlineData("items; drop table x")]
    [InlineData("1items")]
    [InlineData("a-b")]
    [InlineData("items\n")]
    [InlineData("a0123456789012345678901234567890123456789")]
    public void A_collection_name_that_no_store_takes_is_refused(string name) => Should.Throw<ArgumentException>(() => Item.Model(name));

    [Theory]
    [InlineData("")]
    [InlineData("id")]
    [InlineData("version")]
    [InlineData("document")]
    [InlineData("a.b")]
    [InlineData("$where")]
    [InlineData("a\"b")]
    [InlineData("snake_case")]
    public void A_field_name_that_no_store_takes_is_refused(string name) => Should.Throw<ArgumentException>(() => DocumentField.Text<Item>(name, item => item.Name));

    [Fact]
    public void Two_fields_of_one_name_are_refused() => Should.Throw<ArgumentException>(() =>
        new DocumentModel<Item>("items", ItemJson.Default.Item, [Item.NameField], [DocumentField.Text<Item>("name", item => item.Name)]));

    [Fact]
    public void An_index_without_a_field_is_refused() => Should.Throw<ArgumentException>(() => new DocumentModel<Item>("items", ItemJson.Default.Item, [Item.NameField], []));

    [Fact]
    public async Task An_update_that_always_loses_ends_with_a_conflict_that_names_the_document()
    {
        var id = Guid.NewGuid();
        var collection = new ContestedCollection();

        var conflict = await Should.ThrowAsync<DocumentConflictException>(() => collection.UpdateAsync(id, _ => new(), TestContext.Current.CancellationToken));

        conflict.Message.ShouldContain(id.ToString());
        collection.Attempts.ShouldBeInRange(10, 100);
    }

    /// <summary>Somebody else always writes first.</summary>
    private sealed class ContestedCollection : IDocumentCollection<Item>
    {
        public int Attempts { get; private set; }

        public string Name => "contested";

        public Task EnsureCreatedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<Document<Item>?> GetAsync(Guid id, CancellationToken cancellationToken) => Task.FromResult<Document<Item>?>(new(id, new(), Attempts + 1));

        public Task<bool> UpsertAsync(Guid id, Item value, long expectedVersion, CancellationToken cancellationToken)
        {
            Attempts++;
            return Task.FromResult(false);
        }

        public Task<DocumentPage<Item>> QueryAsync(DocumentQuery<Item> query, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}

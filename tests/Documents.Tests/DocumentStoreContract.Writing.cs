namespace ForgeShop.Documents.Tests;

public abstract partial class DocumentStoreContract
{
    [Fact]
    public async Task Of_100_that_insert_the_same_ID_exactly_one_succeeds()
    {
        var id = Guid.NewGuid();

        var succeeded = await Task.WhenAll(Enumerable.Range(0, 100).Select(async writer => await Items.UpsertAsync(id, new() { Count = writer }, 0, Cancelled)));

        succeeded.Count(success => success).ShouldBe(1);
        var stored = (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull();
        stored.Version.ShouldBe(1);
        stored.Value.Count.ShouldBe(Array.IndexOf(succeeded, true));
    }

    [Fact]
    public async Task Of_100_that_replace_the_same_version_exactly_one_succeeds()
    {
        var id = await AddAsync(new() { Count = -1 });

        var succeeded = await Task.WhenAll(Enumerable.Range(0, 100).Select(async writer => await Items.UpsertAsync(id, new() { Count = writer }, 1, Cancelled)));

        succeeded.Count(success => success).ShouldBe(1);
        var stored = (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull();
        stored.Version.ShouldBe(2);
        stored.Value.Count.ShouldBe(Array.IndexOf(succeeded, true));
    }

    [Fact]
    public async Task A_hundred_concurrent_updates_of_one_document_all_count()
    {
        var id = Guid.NewGuid();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ =>
            Items.UpdateAsync(id, item => new() { Count = (item?.Count ?? 0) + 1 }, Cancelled)));

        var stored = (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull();
        stored.Value.Count.ShouldBe(100);
        stored.Version.ShouldBe(100);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_write_that_expects_another_version_changes_nothing(long expected)
    {
        var id = await AddAsync(new() { Name = "first" });
        (await Items.UpsertAsync(id, new() { Name = "second" }, 1, Cancelled)).ShouldBeTrue();

        (await Items.UpsertAsync(id, new() { Name = "third" }, expected, Cancelled)).ShouldBeFalse();

        (await Items.GetAsync(id, Cancelled)).ShouldBe(new Document<Item>(id, new() { Name = "second" }, 2));
        (await Items.QueryAsync(new DocumentQuery<Item>().Where(Item.NameField, "third"), Cancelled)).Items.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_document_that_is_not_there_cannot_be_replaced()
    {
        var id = Guid.NewGuid();
        (await Items.UpsertAsync(id, new(), 1, Cancelled)).ShouldBeFalse();
        (await Items.GetAsync(id, Cancelled)).ShouldBeNull();
    }

    [Fact]
    public async Task A_negative_version_is_refused() =>
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Items.UpsertAsync(Guid.NewGuid(), new(), -1, Cancelled));

    [Fact]
    public async Task A_replaced_document_is_found_by_its_new_fields_only()
    {
        var id = await AddAsync(new() { Name = "old", Count = 1 });
        await Items.UpsertAsync(id, new() { Name = "new" }, 1, Cancelled);

        (await Items.QueryAsync(new DocumentQuery<Item>().Where(Item.NameField, "old"), Cancelled)).Items.ShouldBeEmpty();
        (await Items.QueryAsync(new DocumentQuery<Item>().Where(Item.CountField, 1), Cancelled)).Items.ShouldBeEmpty();
        (await Items.QueryAsync(new DocumentQuery<Item>().Where(Item.NameField, "new"), Cancelled)).Items.Single().Id.ShouldBe(id);
    }

    [Fact]
    public async Task An_update_may_leave_the_document_alone()
    {
        var id = await AddAsync(new() { Count = 5 });

        (await Items.UpdateAsync(id, _ => null, Cancelled)).ShouldBe(new Document<Item>(id, new() { Count = 5 }, 1));
        (await Items.UpdateAsync(Guid.NewGuid(), _ => null, Cancelled)).ShouldBeNull();

        (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull().Version.ShouldBe(1);
    }
}

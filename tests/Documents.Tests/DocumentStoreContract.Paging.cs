namespace ForgeShop.Documents.Tests;

public abstract partial class DocumentStoreContract
{
    protected static readonly Guid Owner = Guid.Parse("6e16f6c3-de6b-55c3-80ba-75907720bb8a");

    private static DocumentQuery<Item> Newest => Query.Where(Item.OwnerField, Owner).OrderByDescending(Item.AtField);

    private async Task<List<Document<Item>>> WalkAsync(DocumentQuery<Item> query, int limit, Func<int, Task>? betweenPages = null)
    {
        var all = new List<Document<Item>>();
        string? cursor = null;
        for (var pages = 1; ; pages++)
        {
            var page = await Items.QueryAsync(query.Page(cursor, limit), Cancelled);
            page.Items.Count.ShouldBeLessThanOrEqualTo(limit);
            all.AddRange(page.Items);
            if ((cursor = page.NextCursor) is null)
                return all;
            page.Items.Count.ShouldBe(limit);
            pages.ShouldBeLessThan(100);
            if (betweenPages is not null)
                await betweenPages(pages);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(24)]
    [InlineData(25)]
    public async Task Pages_together_are_the_whole_list_in_order_even_where_many_are_equal(int limit)
    {
        for (var index = 0; index < 24; index++)
            await AddAsync(new() { Owner = Owner, At = Noon.AddMilliseconds(index / 6), Name = $"name {index % 5}", Price = index % 3, Count = index });
        var expected = (await Items.QueryAsync(Newest, Cancelled)).Items;
        expected.Count.ShouldBe(24);
        expected.ShouldBe(expected.OrderByDescending(item => item.Value.At).ThenByDescending(item => item.Id.ToString(), StringComparer.Ordinal));

        (await WalkAsync(Newest, limit)).ShouldBe(expected);
        (await WalkAsync(Query, limit)).ShouldBe(expected.OrderBy(item => item.Id.ToString(), StringComparer.Ordinal));
        foreach (var field in new DocumentField<Item>[] { Item.OwnerField, Item.NameField, Item.CountField, Item.PriceField, Item.AtField })
        {
            var ascending = await WalkAsync(Query.OrderBy(field), limit);
            ascending.Select(item => item.Id).Distinct().Count().ShouldBe(24);
            (await WalkAsync(Query.OrderByDescending(field), limit)).ShouldBe(Enumerable.Reverse(ascending));
        }
    }

    [Fact]
    public async Task Documents_that_come_meanwhile_neither_repeat_nor_hide_others()
    {
        for (var index = 0; index < 20; index++)
            await AddAsync(new() { Owner = Owner, At = Noon.AddSeconds(index), Name = "old" });

        // Newer ones belong to pages that have been read already.
        var walked = await WalkAsync(Newest, 3, page => AddAsync(new() { Owner = Owner, At = Noon.AddHours(page), Name = "new" }));

        walked.Count.ShouldBe(20);
        walked.ShouldAllBe(item => item.Value.Name == "old");
    }

    [Fact]
    public async Task A_cursor_that_was_changed_anywhere_is_refused()
    {
        for (var index = 0; index < 3; index++)
            await AddAsync(new() { Owner = Owner, At = Noon.AddSeconds(index) });
        var cursor = (await Items.QueryAsync(Newest.Page(null, 1), Cancelled)).NextCursor.ShouldNotBeNull();

        var changed = Enumerable.Range(0, cursor.Length).Select(index => cursor[..index] + (cursor[index] == 'A' ? 'B' : 'A') + cursor[(index + 1)..])
            .Concat([cursor + "A", cursor[..^1], cursor + "=", " " + cursor, cursor + "\n", "", "not base64!", "AAAA", new string('A', 100_000)]);
        foreach (var hostile in changed)
            await Should.ThrowAsync<InvalidCursorException>(() => Items.QueryAsync(Newest.Page(hostile, 1), Cancelled), hostile);
    }

    [Fact]
    public async Task A_cursor_of_another_list_is_refused()
    {
        for (var index = 0; index < 3; index++)
            await AddAsync(new() { Owner = Owner, At = Noon.AddSeconds(index), Count = index });
        var cursor = (await Items.QueryAsync(Newest.Page(null, 1), Cancelled)).NextCursor;

        foreach (var other in new[]
        {
            Query.Where(Item.OwnerField, Guid.NewGuid()).OrderByDescending(Item.AtField),
            Query.Where(Item.OwnerField, Owner).OrderBy(Item.AtField),
            Query.Where(Item.OwnerField, Owner).OrderByDescending(Item.CountField),
            Query.OrderByDescending(Item.AtField),
            Query,
        })
            await Should.ThrowAsync<InvalidCursorException>(() => Items.QueryAsync(other.Page(cursor, 1), Cancelled));

        // How many a page holds is not part of the list.
        (await Items.QueryAsync(Newest.Page(cursor, 10), Cancelled)).Items.Count.ShouldBe(2);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(DocumentQuery<Item>.MaximumLimit + 1)]
    public void A_limit_out_of_range_is_refused(int limit) =>
        Should.Throw<ArgumentOutOfRangeException>(() => Query.Page(null, limit));
}

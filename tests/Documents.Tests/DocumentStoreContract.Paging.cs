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

    /// <summary>The check sum is no secret, so anybody can make one that is right over whatever they like.</summary>
    [Theory]
    [InlineData("nonsense")]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("a\0")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("+1")]
    [InlineData("01")]
    [InlineData("1,000")]
    [InlineData("1e3")]
    [InlineData("9223372036854775808")]
    [InlineData("253402300800000")]
    [InlineData("-62135596800001")]
    [InlineData("79228162514264337593543950336")]
    [InlineData("{6e16f6c3-de6b-55c3-80ba-75907720bb8a}")]
    [InlineData("6E16F6C3-DE6B-55C3-80BA-75907720BB8A")]
    public async Task A_cursor_with_a_right_check_sum_and_nonsense_inside_is_refused(string nonsense)
    {
        await AddAsync(new() { Owner = Owner, At = Noon, Name = "name", Price = 1, Count = 1 });
        var isCount = nonsense is "253402300800000" or "-62135596800001"; // only no time
        var isPrice = isCount || nonsense is "9223372036854775808";
        foreach (var (query, isOne) in new (DocumentQuery<Item>, bool)[]
        {
            (Query, nonsense.Length == 0),
            (Query.OrderBy(Item.OwnerField), false),
            (Query.OrderBy(Item.CountField), isCount),
            (Query.OrderBy(Item.PriceField), isPrice),
            (Query.OrderBy(Item.AtField), false),
            (Query.OrderByDescending(Item.NameField), !nonsense.Contains('\0')),
        })
        {
            var cursor = DocumentCursor.Write(Item.Model(CollectionName), query, nonsense, Guid.NewGuid());
            if (isOne)
                await Items.QueryAsync(query.Page(cursor, 1), Cancelled);
            else
                await Should.ThrowAsync<InvalidCursorException>(() => Items.QueryAsync(query.Page(cursor, 1), Cancelled), $"{query.Order?.Name}: {nonsense}");
        }
    }

    [Fact]
    public async Task A_cursor_at_the_ends_of_what_a_field_can_hold_is_one()
    {
        foreach (var (query, value) in new (DocumentQuery<Item>, object)[]
        {
            (Query.OrderBy(Item.CountField), long.MinValue), (Query.OrderBy(Item.CountField), long.MaxValue),
            (Query.OrderBy(Item.PriceField), decimal.MinValue), (Query.OrderBy(Item.PriceField), 0.10m),
            (Query.OrderBy(Item.AtField), DateTimeOffset.MinValue), (Query.OrderBy(Item.AtField), DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())),
            (Query.OrderBy(Item.OwnerField), Guid.Empty), (Query.OrderBy(Item.NameField), ""),
        })
            (await Items.QueryAsync(query.Page(DocumentCursor.Write(Item.Model(CollectionName), query, value, Guid.NewGuid()), 1), Cancelled)).Items.ShouldBeEmpty();
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

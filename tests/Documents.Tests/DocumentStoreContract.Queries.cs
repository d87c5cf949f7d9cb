using System.Buffers.Text;
using System.Text;

namespace ForgeShop.Documents.Tests;

public abstract partial class DocumentStoreContract
{
    private static DocumentQuery<Item> Latest => new() { Where = (Item.OwnerField, Owner), OrderBy = Item.CountField, IsDescending = true };

    [Fact]
    public async Task Text_is_ordered_by_byte_in_any_locale()
    {
        foreach (var name in new[] { "b", "ä", "B", "a", "aa", "a-b", "ab", "_", "😀", "ﬀ", "Z", "" })
            await AddAsync(new() { Name = name });

        (await FindAsync(new() { OrderBy = Item.NameField }, item => item.Name))
            .ShouldBe(["", "B", "Z", "_", "a", "a-b", "aa", "ab", "b", "ä", "ﬀ", "😀"]);
        (await FindAsync(new() { OrderBy = Item.NameField, IsDescending = true, From = "a", To = "ab" }, item => item.Name))
            .ShouldBe(["ab", "aa", "a-b", "a"]);
        (await FindAsync(new() { Where = (Item.NameField, "B") }, item => item.Name)).ShouldBe(["B"]);
    }

    [Fact]
    public async Task Field_of_a_later_release_is_added_and_old_documents_get_it_when_they_are_written()
    {
        var before = OpenStore().Collection(new DocumentModel<Item>(CollectionName, ItemJson.Default.Item, [Item.CountField]));
        var old = Guid.NewGuid();
        (await before.InsertManyAsync(new Dictionary<Guid, Item> { [old] = new() { Name = "x", Count = 1 } }, Cancelled)).ShouldBeEmpty();
        var named = new DocumentQuery<Item> { Where = (Item.NameField, "x"), OrderBy = Item.CountField };

        await AddAsync(new() { Name = "x", Count = 2 });
        (await FindAsync(named, item => item.Count)).ShouldBe([2]);

        (await UpsertAsync(old, new() { Name = "x", Count = 1 }, 1)).ShouldBeTrue();
        (await FindAsync(named, item => item.Count)).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Decimals_are_ordered_by_value()
    {
        foreach (var price in new[] { 10m, 9.5m, 10.50m, -1m, 0m, 0.000001m, decimal.MaxValue, 100m })
            await AddAsync(new() { Price = price });

        (await FindAsync(new() { OrderBy = Item.PriceField }, item => item.Price))
            .ShouldBe([-1m, 0m, 0.000001m, 9.5m, 10m, 10.50m, 100m, decimal.MaxValue]);
        (await FindAsync(new() { Where = (Item.PriceField, 10.5m) }, item => item.Price)).ShouldBe([10.50m]);
        (await FindAsync(new() { OrderBy = Item.PriceField, From = 10m, To = 10.5m }, item => item.Price)).ShouldBe([10m, 10.50m]);
    }

    [Fact]
    public async Task Integers_are_ordered_by_value()
    {
        foreach (var count in new[] { 10, 9, -1, 0, 100, long.MaxValue, long.MinValue })
            await AddAsync(new() { Count = count });

        (await FindAsync(new() { OrderBy = Item.CountField, IsDescending = true }, item => item.Count))
            .ShouldBe([long.MaxValue, 100, 10, 9, 0, -1, long.MinValue]);
        (await FindAsync(new() { OrderBy = Item.CountField, From = 9L, To = 10L }, item => item.Count)).ShouldBe([9, 10]);
    }

    [Fact]
    public async Task Uuids_are_ordered_by_byte()
    {
        string[] texts =
        [
            "00000000-0000-0000-0000-0000000000ff", "00000001-0000-0000-0000-000000000000",
            "80000000-0000-0000-0000-000000000000", "ff000000-0000-0000-0000-000000000000",
        ];
        foreach (var text in texts.Reverse())
            await AddAsync(new() { Owner = Guid.Parse(text) });

        (await FindAsync(new() { OrderBy = Item.OwnerField }, item => $"{item.Owner}")).ShouldBe(texts);
        (await FindAsync(new() { Where = (Item.OwnerField, Guid.Parse(texts[2])) }, item => $"{item.Owner}")).ShouldBe([texts[2]]);
    }

    [Fact]
    public async Task Document_without_a_value_matches_no_condition_and_no_order_on_it()
    {
        await AddAsync(new() { Name = "without" });
        await AddAsync(new() { Name = "with", Count = 1, Price = 1, Owner = Owner });

        foreach (var query in new DocumentQuery<Item>[]
        {
            new() { OrderBy = Item.CountField }, new() { OrderBy = Item.CountField, IsDescending = true },
            new() { OrderBy = Item.OwnerField }, new() { OrderBy = Item.PriceField },
            new() { OrderBy = Item.CountField, From = long.MinValue },
            new() { OrderBy = Item.CountField, To = long.MaxValue }, new() { OrderBy = Item.PriceField, To = decimal.MaxValue },
        })
            (await FindAsync(query, item => item.Name)).ShouldBe(["with"]);
        (await FindAsync(new(), item => item.Name)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Value_that_looks_like_a_query_is_only_a_value()
    {
        await AddAsync(new() { Name = "x" });
        foreach (var hostile in new[] { "' OR 1=1 --", "{\"$ne\":null}", "$name", "x\"; DROP TABLE items; --" })
            (await FindAsync(new() { Where = (Item.NameField, hostile) }, item => item.Name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Field_without_an_index_is_refused()
    {
        var other = new DocumentField<Item, string?>("other", item => item.Name);
        await Should.ThrowAsync<ArgumentException>(() => Items.QueryAsync(new() { Where = (other, "x") }, Cancelled));
        await Should.ThrowAsync<ArgumentException>(() => Items.QueryAsync(new() { OrderBy = other }, Cancelled));
        await Should.ThrowAsync<ArgumentException>(
            () => Items.QueryAsync(new() { Where = (Item.NameField, "x"), OrderBy = other }, Cancelled));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(24)]
    [InlineData(25)]
    public async Task Pages_together_are_the_list_in_order_even_with_equal_values(int limit)
    {
        for (var index = 0; index < 24; index++)
            await AddAsync(new() { Owner = Owner, Name = $"name {index % 5}", Price = index % 3, Count = index / 6 });
        var expected = (await Items.QueryAsync(Latest, Cancelled)).Items;
        expected.Count.ShouldBe(24);
        expected.ShouldBe(
            expected.OrderByDescending(item => item.Value.Count).ThenByDescending(item => item.Id.ToString(), StringComparer.Ordinal));

        (await WalkAsync(Latest, limit)).ShouldBe(expected);
        (await WalkAsync(Latest with { From = 1L, To = 2L }, limit)).ShouldBe(expected.Where(item => item.Value.Count is 1 or 2));
        (await WalkAsync(new(), limit)).ShouldBe(expected.OrderBy(item => item.Id.ToString(), StringComparer.Ordinal));
        foreach (var field in new[] { Item.OwnerField, Item.NameField, Item.CountField, Item.PriceField })
        {
            var ascending = await WalkAsync(new() { OrderBy = field }, limit);
            ascending.Select(item => item.Id).Distinct().Count().ShouldBe(24);
            (await WalkAsync(new() { OrderBy = field, IsDescending = true }, limit)).ShouldBe(Enumerable.Reverse(ascending));
        }
    }

    [Fact]
    public async Task Documents_added_between_pages_neither_repeat_nor_hide_others()
    {
        for (var index = 0; index < 20; index++)
            await AddAsync(new() { Owner = Owner, Count = index, Name = "old" });

        var walked = await WalkAsync(Latest, 3, page => AddAsync(new() { Owner = Owner, Count = 100 + page, Name = "new" }));

        walked.Count.ShouldBe(20);
        walked.ShouldAllBe(item => item.Value.Name == "old");
    }

    private async Task<List<Document<Item>>> WalkAsync(DocumentQuery<Item> query, int limit, Func<int, Task>? betweenPages = null)
    {
        var all = new List<Document<Item>>();
        for (var pages = 1; ; pages++)
        {
            var page = await Items.QueryAsync(query with { Limit = limit }, Cancelled);
            all.AddRange(page.Items);
            if (page.NextCursor is null)
                return all;
            page.Items.Count.ShouldBe(limit);
            pages.ShouldBeLessThan(100);
            query = query with { Cursor = page.NextCursor };
            if (betweenPages is not null)
                await betweenPages(pages);
        }
    }

    [Fact]
    public async Task Cursor_that_was_changed_anywhere_is_refused()
    {
        for (var index = 0; index < 3; index++)
            await AddAsync(new() { Owner = Owner, Count = index, Name = $"{index}", Price = index });
        foreach (
            var query in new[] { Latest, new() { OrderBy = Item.NameField }, new() { OrderBy = Item.PriceField },
            new() { OrderBy = Item.OwnerField }, new() })
        {
            var cursor = (await Items.QueryAsync(query with { Limit = 1 }, Cancelled)).NextCursor.ShouldNotBeNull();
            var json = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
            string[] hostile =
            [
                cursor + "A", cursor[..^1], cursor + "=", " " + cursor, cursor + "\n", "", "not base64!", "AAAA", new string('A', 100_000),
                .. Encode(json + " ", json.Replace(',', ' '), "null", "[]", "[null,null,null]", "{}"),
                .. Encode(json.ToUpperInvariant(), json.Replace("\"", "", StringComparison.Ordinal), "x" + json),
            ];
            foreach (var text in hostile.Where(text => text != cursor))
                await Should.ThrowAsync<InvalidCursorException>(() => Items.QueryAsync(query with { Cursor = text }, Cancelled), text);
        }

        static IEnumerable<string> Encode(params string[] texts) =>
            texts.Select(text => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public async Task Cursor_of_another_list_is_refused()
    {
        for (var index = 0; index < 3; index++)
            await AddAsync(new() { Owner = Owner, Count = index });
        var cursor = (await Items.QueryAsync(Latest with { Limit = 1 }, Cancelled)).NextCursor;

        foreach (var other in new[]
        {
            Latest with { Where = (Item.OwnerField, Guid.NewGuid()) }, Latest with { IsDescending = false },
            Latest with { OrderBy = Item.PriceField },
            Latest with { From = 0L }, Latest with { Where = null }, new(),
        })
            await Should.ThrowAsync<InvalidCursorException>(() => Items.QueryAsync(other with { Cursor = cursor }, Cancelled));

        // The page size is not part of the list.
        (await Items.QueryAsync(Latest with { Cursor = cursor, Limit = 10 }, Cancelled)).Items.Count.ShouldBe(2);
    }
}

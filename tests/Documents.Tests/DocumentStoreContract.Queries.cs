namespace ForgeShop.Documents.Tests;

public abstract partial class DocumentStoreContract
{
    protected static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static DocumentQuery<Item> Query => new();

    private async Task<List<T>> FoundAsync<T>(DocumentQuery<Item> query, Func<Item, T> select) =>
        [.. (await Items.QueryAsync(query, Cancelled)).Items.Select(item => select(item.Value))];

    [Fact]
    public async Task Text_is_ordered_by_byte_whatever_the_locale()
    {
        foreach (var name in new[] { "b", "ä", "B", "a", "aa", "a-b", "ab", "_", "😀", "ﬀ", "Z", "" })
            await AddAsync(new() { Name = name });

        (await FoundAsync(Query.OrderBy(Item.NameField), item => item.Name)).ShouldBe(["", "B", "Z", "_", "a", "a-b", "aa", "ab", "b", "ä", "ﬀ", "😀"]);
        (await FoundAsync(Query.AtLeast(Item.NameField, "a").Below(Item.NameField, "b").OrderByDescending(Item.NameField), item => item.Name)).ShouldBe(["ab", "aa", "a-b", "a"]);
        (await FoundAsync(Query.Where(Item.NameField, "B"), item => item.Name)).ShouldBe(["B"]);
    }

    [Fact]
    public async Task Decimals_are_ordered_by_value()
    {
        foreach (var price in new[] { 10m, 9.5m, 10.50m, -1m, 0m, 0.000001m, 79228162514264337593543950335m, 100m })
            await AddAsync(new() { Price = price });

        (await FoundAsync(Query.OrderBy(Item.PriceField), item => item.Price)).ShouldBe([-1m, 0m, 0.000001m, 9.5m, 10m, 10.50m, 100m, decimal.MaxValue]);
        (await FoundAsync(Query.Where(Item.PriceField, 10.5m), item => item.Price)).ShouldBe([10.50m]);
        (await FoundAsync(Query.AtLeast(Item.PriceField, 10m).Below(Item.PriceField, 100.00m).OrderBy(Item.PriceField), item => item.Price)).ShouldBe([10m, 10.50m]);
    }

    [Fact]
    public async Task Integers_are_ordered_by_value()
    {
        foreach (var count in new[] { 10, 9, -1, 0, 100, long.MaxValue, long.MinValue })
            await AddAsync(new() { Count = count });

        (await FoundAsync(Query.OrderByDescending(Item.CountField), item => item.Count)).ShouldBe([long.MaxValue, 100, 10, 9, 0, -1, long.MinValue]);
        (await FoundAsync(Query.AtLeast(Item.CountField, 9).Below(Item.CountField, 100).OrderBy(Item.CountField), item => item.Count)).ShouldBe([9, 10]);
    }

    [Fact]
    public async Task UUIDs_are_ordered_by_their_bytes()
    {
        var owners = new[] { "ff000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-0000000000ff", "80000000-0000-0000-0000-000000000000", "00000001-0000-0000-0000-000000000000" }.Select(Guid.Parse).ToList();
        foreach (var owner in owners)
            await AddAsync(new() { Owner = owner });

        (await FoundAsync(Query.OrderBy(Item.OwnerField), item => item.Owner)).ShouldBe([owners[1], owners[3], owners[2], owners[0]]);
        (await FoundAsync(Query.Where(Item.OwnerField, owners[2]), item => item.Owner)).ShouldBe([owners[2]]);
    }

    [Fact]
    public async Task Times_are_compared_in_whole_milliseconds_of_UTC()
    {
        var finer = Noon.AddTicks(TimeSpan.TicksPerMillisecond / 2);
        await AddAsync(new() { At = finer, Name = "noon" });
        await AddAsync(new() { At = Noon.AddMilliseconds(1), Name = "after" });
        await AddAsync(new() { At = Noon.AddMilliseconds(-1), Name = "before" });

        (await FoundAsync(Query.Where(Item.AtField, Noon), item => item.Name)).ShouldBe(["noon"]);
        (await FoundAsync(Query.Where(Item.AtField, finer.ToOffset(TimeSpan.FromHours(5))), item => item.At)).ShouldBe([finer]);
        (await FoundAsync(Query.AtLeast(Item.AtField, finer).OrderBy(Item.AtField), item => item.Name)).ShouldBe(["noon", "after"]);
        (await FoundAsync(Query.Below(Item.AtField, finer), item => item.Name)).ShouldBe(["before"]);
    }

    [Fact]
    public async Task A_document_without_a_value_is_found_by_no_condition_on_it_and_no_order_by_it()
    {
        await AddAsync(new() { Name = "without" });
        await AddAsync(new() { Name = "with", Count = 1, At = Noon, Price = 1, Owner = Guid.NewGuid() });

        foreach (var query in new[]
        {
            Query.OrderBy(Item.CountField), Query.OrderByDescending(Item.CountField), Query.OrderBy(Item.AtField), Query.OrderBy(Item.OwnerField), Query.OrderBy(Item.PriceField),
            Query.AtLeast(Item.CountField, long.MinValue), Query.Below(Item.CountField, long.MaxValue), Query.AtLeast(Item.AtField, DateTimeOffset.MinValue), Query.Below(Item.PriceField, decimal.MaxValue),
        })
            (await FoundAsync(query, item => item.Name)).ShouldBe(["with"]);
        (await FoundAsync(Query, item => item.Name)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task All_conditions_must_hold()
    {
        var (mine, theirs) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var owner in new[] { mine, theirs })
        {
            for (var hour = 0; hour < 6; hour++)
                await AddAsync(new() { Owner = owner, At = Noon.AddHours(hour), Count = hour });
        }

        var query = Query.Where(Item.OwnerField, mine).AtLeast(Item.AtField, Noon.AddHours(2)).Below(Item.AtField, Noon.AddHours(5)).OrderByDescending(Item.AtField);
        (await Items.QueryAsync(query, Cancelled)).Items.Select(item => (item.Value.Owner, item.Value.Count)).ShouldBe([(mine, 4), (mine, 3), (mine, 2)]);
    }

    [Fact]
    public async Task A_value_that_looks_like_a_query_is_only_a_value()
    {
        await AddAsync(new() { Name = "x" });
        foreach (var hostile in new[] { "' OR 1=1 --", "{\"$ne\":null}", "$name", "x\"; DROP TABLE items; --" })
            (await FoundAsync(Query.Where(Item.NameField, hostile), item => item.Name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_field_that_no_index_declares_is_refused()
    {
        var other = DocumentField.Text<Item>("other", item => item.Name);
        await Should.ThrowAsync<ArgumentException>(() => Items.QueryAsync(Query.Where(other, "x"), Cancelled));
        await Should.ThrowAsync<ArgumentException>(() => Items.QueryAsync(Query.OrderBy(other), Cancelled));
    }
}

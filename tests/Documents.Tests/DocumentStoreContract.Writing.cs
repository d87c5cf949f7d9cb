namespace ForgeShop.Documents.Tests;

public abstract partial class DocumentStoreContract
{
    [Fact]
    public async Task InsertMany_ignores_and_returns_ids_that_exist()
    {
        var existing = new[] { await AddAsync(new() { Name = "first" }), await AddAsync(new() { Name = "first" }) };
        var added = Enumerable.Range(0, 200).Select(_ => Guid.NewGuid()).ToList();

        var taken = await Items.InsertManyAsync(
            existing.Concat(added).ToDictionary(id => id, _ => new Item { Name = "second" }), Cancelled);

        taken.ShouldBe(existing, ignoreOrder: true);
        var stored = await Items.GetManyAsync([.. existing, .. added], Cancelled);
        stored.Count.ShouldBe(202);
        stored.Values.ShouldAllBe(
            document => document.Version == 1 && document.Value.Name == (existing.Contains(document.Id) ? "first" : "second"));
    }

    [Fact]
    public async Task InsertMany_by_20_writers_gives_each_id_to_one_of_them()
    {
        var ids = Enumerable.Range(0, 50).Select(_ => Guid.NewGuid()).ToList();

        var taken = await Task.WhenAll(Enumerable.Range(0, 20).Select(async writer =>
            await Items.InsertManyAsync(ids.ToDictionary(id => id, _ => new Item { Count = writer }), Cancelled)));

        foreach (var (id, document) in await Items.GetManyAsync(ids, Cancelled))
            Enumerable.Range(0, 20).Single(writer => !taken[writer].Contains(id)).ShouldBe((int)document.Value.Count!);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Upsert_of_one_version_by_100_writers_succeeds_for_one(long expected)
    {
        var id = expected == 0 ? Guid.NewGuid() : await AddAsync(new() { Count = -1 });

        var succeeded = await Task.WhenAll(Enumerable.Range(0, 100).Select(writer => UpsertAsync(id, new() { Count = writer }, expected)));

        succeeded.Count(success => success).ShouldBe(1);
        var stored = (await Items.GetAsync(id, Cancelled)).ShouldNotBeNull();
        (stored.Version, stored.Value.Count).ShouldBe((expected + 1, Array.IndexOf(succeeded, true)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Upsert_that_expects_another_version_changes_nothing(long expected)
    {
        var id = await AddAsync(new() { Name = "first" });
        (await UpsertAsync(id, new() { Name = "second" }, 1)).ShouldBeTrue();

        (await UpsertAsync(id, new() { Name = "third" }, expected)).ShouldBeFalse();

        (await Items.GetAsync(id, Cancelled)).ShouldBe(new Document<Item>(id, new() { Name = "second" }, 2));
        (await FindAsync(new() { Where = (Item.NameField, "third") }, item => item.Name)).ShouldBeEmpty();
    }

    [Fact]
    public async Task BulkUpsert_writes_all_documents_but_those_in_conflict()
    {
        var ids = Enumerable.Range(0, 300).Select(_ => Guid.NewGuid()).ToList();
        await Items.InsertManyAsync(ids.Take(150).ToDictionary(id => id, _ => new Item { Name = "old" }), Cancelled);
        var changed = ids[..20];
        (await Items.BulkUpsertAsync([.. changed.Select(id => new Document<Item>(id, new() { Name = "changed" }, 1))], Cancelled))
            .ShouldBeEmpty();

        var conflicts = await Items.BulkUpsertAsync(
            [.. ids.Select((id, index) => new Document<Item>(id, new() { Name = "new" }, index < 150 ? 1 : 0))], Cancelled);

        conflicts.ShouldBe(changed, ignoreOrder: true);
        var stored = await Items.GetManyAsync(ids, Cancelled);
        stored.Values.ShouldAllBe(document => document.Value.Name == (changed.Contains(document.Id) ? "changed" : "new"));
        stored[ids[0]].Version.ShouldBe(2);
        stored[ids[100]].Version.ShouldBe(2);
        stored[ids[200]].Version.ShouldBe(1);
    }

    [Fact]
    public async Task BulkUpsert_of_overlapping_documents_by_10_writers_loses_no_update()
    {
        var ids = Enumerable.Range(0, 30).Select(_ => Guid.NewGuid()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async writer =>
        {
            var pending = ids.OrderBy(_ => Random.Shared.Next()).ToList();
            for (var attempt = 0; pending.Count > 0; attempt++)
            {
                attempt.ShouldBeLessThan(1000);
                var known = await Items.GetManyAsync(pending, Cancelled);
                pending.RemoveAll(id => known.GetValueOrDefault(id)?.Value.Name!.Contains($"{writer}") ?? false);
                pending = [.. await Items.BulkUpsertAsync([.. pending.Select(id => known.GetValueOrDefault(id) is { } stored
                    ? stored with { Value = new() { Name = $"{stored.Value.Name}{writer}" } }
                    : new(id, new() { Name = $"{writer}" }, 0))], Cancelled)];
            }
        }));

        (await Items.GetManyAsync(ids, Cancelled)).Values.ShouldAllBe(
            document => document.Version == 10 && string.Concat(document.Value.Name!.Order()) == "0123456789");
    }

    [Fact]
    public async Task DeleteMany_removes_the_versions_that_are_named_and_returns_the_others()
    {
        var ids = Enumerable.Range(0, 200).Select(_ => Guid.NewGuid()).ToList();
        await Items.InsertManyAsync(ids.ToDictionary(id => id, _ => new Item { Name = "old" }), Cancelled);
        (await UpsertAsync(ids[0], new() { Name = "changed" }, 1)).ShouldBeTrue();

        var kept = await Items.DeleteManyAsync(
            [.. ids[..150].Append(Guid.NewGuid()).Select(id => new Document<Item>(id, new(), 1))], Cancelled);

        kept.ShouldBe([ids[0]]);
        (await Items.FindIdsAsync([.. ids, Guid.NewGuid()], Cancelled)).ShouldBe([ids[0], .. ids[150..]], ignoreOrder: true);
        (await FindAsync(new() { Where = (Item.NameField, "changed") }, item => item.Name)).ShouldBe(["changed"]);
        // A writer that read a document before its removal does not bring it back.
        (await UpsertAsync(ids[2], new() { Name = "late" }, 1)).ShouldBeFalse();
        (await Items.GetAsync(ids[2], Cancelled)).ShouldBeNull();
        // The ID is free again.
        (await UpsertAsync(ids[1], new() { Name = "new" }, 0)).ShouldBeTrue();
        (await Items.GetAsync(ids[1], Cancelled)).ShouldNotBeNull().Version.ShouldBe(1);
        (await Items.DeleteManyAsync([], Cancelled)).ShouldBeEmpty();
        (await Items.FindIdsAsync([], Cancelled)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Replaced_document_is_found_by_its_new_fields_only()
    {
        var id = await AddAsync(new() { Name = "old", Count = 1 });
        await UpsertAsync(id, new() { Name = "new" }, 1);

        (await FindAsync(new() { Where = (Item.NameField, "old") }, item => item.Name)).ShouldBeEmpty();
        (await FindAsync(new() { Where = (Item.CountField, 1L) }, item => item.Name)).ShouldBeEmpty();
        (await Items.QueryAsync(new() { Where = (Item.NameField, "new") }, Cancelled)).Items.Single().Id.ShouldBe(id);
    }
}

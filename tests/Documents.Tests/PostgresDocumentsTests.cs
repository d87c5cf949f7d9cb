using ForgeShop.TestSupport;
using Npgsql;

[assembly: AssemblyFixture(typeof(ForgeShop.Documents.Tests.PostgresFixture))]

namespace ForgeShop.Documents.Tests;

public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly PostgresServer _server = new();

    public string ConnectionString => _server.ConnectionString;

    public async ValueTask InitializeAsync() => await _server.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

/// <summary>The contract, against PostgreSQL, and what only that store has.</summary>
public sealed class PostgresDocumentsTests(PostgresFixture server) : DocumentStoreContract
{
    protected override string ConnectionString => server.ConnectionString;

    protected override async Task<byte[]> ReadRawIdAsync(Guid id)
    {
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = database.CreateCommand($"SELECT uuid_send(id) FROM {CollectionName} WHERE id::text = $1");
        command.Parameters.Add(new() { Value = id.ToString() });
        return (byte[])(await command.ExecuteScalarAsync(Cancelled))!;
    }

    [Fact]
    public async Task Declared_fields_are_plain_columns_that_anybody_can_query()
    {
        await AddAsync(new() { Owner = Owner, At = Noon, Price = 12.50m });

        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = database.CreateCommand($"SELECT owner, at, unit_price, document ->> 'price' FROM {CollectionName}");
        await using var row = await command.ExecuteReaderAsync(Cancelled);
        (await row.ReadAsync(Cancelled)).ShouldBeTrue();
        (row.GetGuid(0), row.GetFieldValue<DateTimeOffset>(1), row.GetDecimal(2), row.GetString(3)).ShouldBe((Owner, Noon, 12.50m, "12.50"));
    }

    [Fact]
    public async Task A_page_is_read_from_an_index_without_sorting()
    {
        await Items.EnsureCreatedAsync(Cancelled);
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        await using var fill = database.CreateCommand($$"""
            INSERT INTO {{CollectionName}} (id, version, document, owner, at)
            SELECT gen_random_uuid(), 1, '{}', CASE WHEN n % 2 = 0 THEN '{{Owner}}'::uuid ELSE gen_random_uuid() END, now() - n * interval '1 minute' FROM generate_series(1, 5000) n;
            ANALYZE {{CollectionName}};
            """);
        await fill.ExecuteNonQueryAsync(Cancelled);

        await using var explain = database.CreateCommand($"""
            EXPLAIN SELECT id, version, document, "at" FROM "{CollectionName}" WHERE "owner" = '{Owner}' AND "at" IS NOT NULL AND ("at", id) < (now() - interval '1 day', '{Owner}')
            ORDER BY "at" DESC, id DESC LIMIT 51
            """);
        await using var reader = await explain.ExecuteReaderAsync(Cancelled);
        var plan = new List<string>();
        while (await reader.ReadAsync(Cancelled))
            plan.Add(reader.GetString(0));
        var text = string.Join('\n', plan);
        text.ShouldContain($"ix_{CollectionName}_owner_at");
        text.ShouldNotContain("Sort");
    }

    [Fact]
    public async Task A_field_declared_with_another_kind_than_its_column_is_refused()
    {
        await Items.EnsureCreatedAsync(Cancelled);
        var changed = Open(new DocumentModel<Item>(CollectionName, ItemJson.Default.Item, [DocumentField.Text<Item>("count", item => item.Name)]));

        (await Should.ThrowAsync<InvalidOperationException>(() => changed.EnsureCreatedAsync(Cancelled))).Message.ShouldContain("count");
    }
}

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

/// <summary>The contract on PostgreSQL, and the properties of its tables.</summary>
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
    public async Task Declared_fields_are_plain_columns()
    {
        await AddAsync(new() { Owner = Owner, Count = 3, Price = 12.50m, Name = "x" });

        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        await using var command = database.CreateCommand(
            $"SELECT owner, count, \"unitPrice\", name, document ->> 'price' FROM {CollectionName}");
        await using var row = await command.ExecuteReaderAsync(Cancelled);
        (await row.ReadAsync(Cancelled)).ShouldBeTrue();
        (row.GetGuid(0), row.GetInt64(1), row.GetDecimal(2), row.GetString(3), row.GetString(4)).ShouldBe((Owner, 3, 12.50m, "x", "12.50"));
    }

    [Fact]
    public async Task Page_is_read_from_an_index_without_sorting()
    {
        await AddAsync(new());
        await using var database = NpgsqlDataSource.Create(server.ConnectionString);
        await using var fill = database.CreateCommand($$"""
            INSERT INTO {{CollectionName}} (id, version, document, owner, count)
            SELECT gen_random_uuid(), 1, '{}', CASE WHEN n % 10 = 0 THEN '{{Owner}}'::uuid ELSE gen_random_uuid() END, n
            FROM generate_series(1, 20000) n;
            ANALYZE {{CollectionName}};
            """);
        await fill.ExecuteNonQueryAsync(Cancelled);

        var byField = await ExplainAsync($"""
            "count" IS NOT NULL AND "owner" = '{Owner}' AND ("count", id) < (15000, '{Owner}') ORDER BY "count" DESC, id DESC
            """);
        byField.ShouldContain($"ix_{CollectionName}_owner_count");
        byField.ShouldNotContain("Sort");
        var byId = await ExplainAsync($"id IS NOT NULL AND id > '{Owner}' ORDER BY id ASC, id ASC");
        byId.ShouldContain($"{CollectionName}_pkey");
        byId.ShouldContain($"(id > '{Owner}'");
        byId.ShouldNotContain("Sort");

        async Task<string> ExplainAsync(string conditions)
        {
            await using var explain = database.CreateCommand(
                $"EXPLAIN SELECT id, version, document FROM \"{CollectionName}\" WHERE {conditions} LIMIT 51");
            await using var reader = await explain.ExecuteReaderAsync(Cancelled);
            var plan = new List<string>();
            while (await reader.ReadAsync(Cancelled))
                plan.Add(reader.GetString(0));
            return string.Join('\n', plan);
        }
    }
}

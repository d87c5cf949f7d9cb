using System.Text.Json;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace ForgeShop.Documents.Postgres;

/// <summary>Documents in a PostgreSQL database: one table for each collection, the document as jsonb.</summary>
internal sealed class PostgresDocumentStore(NpgsqlDataSource database) : IDocumentStore, IAsyncDisposable
{
    public static PostgresDocumentStore Open(string connectionString, string name, ILoggerFactory logging)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, 15);
        // The adapter has few statements and keeps no session state.
        (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages, settings.NoResetOnClose) = (100, 2, true);
        return new(new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = name }.UseLoggerFactory(logging).Build());
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new PostgresCollection<T>(database, model);

    public Task DropAsync(string collection, CancellationToken cancellationToken) =>
        ExecuteAsync($"DROP TABLE IF EXISTS \"{collection}\"", cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) => ExecuteAsync("SELECT 1", cancellationToken);

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>
/// A table <c>id uuid primary key, version bigint, document jsonb</c> with one column for each declared field. Each bulk operation is one
/// statement: rows travel as arrays and are written in the order of their IDs, so that two bulk operations cannot deadlock.
/// </summary>
#pragma warning disable CA2100 // Names are constants of the code; values are parameters.
internal sealed class PostgresCollection<T> : DocumentCollection<T> where T : class
{
    private readonly NpgsqlDataSource _database;
    private readonly string _table;
    private readonly string _insert;
    private readonly string _upsert;

    public PostgresCollection(NpgsqlDataSource database, DocumentModel<T> model) : base(model)
    {
        _database = database;
        _table = $"\"{model.Name}\"";
        string[] columns = ["id", "version", "document", .. model.Fields.Select(Column)];
        var list = string.Join(", ", columns);
        var rows = $"""
            INSERT INTO {_table} AS stored ({list})
            SELECT {list} FROM unnest({string.Join(", ", columns.Select((_, index) => $"${index + 1}"))}) AS input ({list}) ORDER BY id
            """;
        _insert = $"{rows} ON CONFLICT (id) DO NOTHING RETURNING id";
        _upsert = $"""
            {rows} ON CONFLICT (id) DO UPDATE SET {string.Join(", ", columns.Skip(1).Select(column => $"{column} = excluded.{column}"))}
            WHERE stored.version = excluded.version - 1 RETURNING id
            """;
    }

    protected override async Task CreateAsync()
    {
        // A command is a transaction. The lock serializes the replicas, because concurrent CREATE TABLE IF NOT EXISTS can fail.
        string[] statements =
        [
            $"SELECT pg_advisory_xact_lock(hashtextextended('forgeshop.documents.{Model.Name}', 0))",
            $"""
            CREATE TABLE IF NOT EXISTS {_table} (id uuid PRIMARY KEY, version bigint NOT NULL, document jsonb NOT NULL
            {string.Concat(Model.Fields.Select(field => $", {Column(field)} {SqlType(field.Type)}"))})
            """,
            // A later release may declare more fields. Documents of before have no value of them until they are written again.
            .. Model.Fields.Select(field => $"ALTER TABLE {_table} ADD COLUMN IF NOT EXISTS {Column(field)} {SqlType(field.Type)}"),
            .. Model.Indexes.Select(index => $"""
                CREATE INDEX IF NOT EXISTS "ix_{Model.Name}_{string.Join('_', index.Select(field => field.Name))}"
                ON {_table} ({string.Join(", ", index.Select(Column).Append("id"))})
                """),
        ];
        await using var command = _database.CreateCommand(string.Join(";\n", statements));
        await command.ExecuteNonQueryAsync();
    }

    protected override async Task<List<Document<T>>> ReadAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand($"SELECT id, version, document FROM {_table} WHERE id = ANY($1)");
        Add(command, ids.ToArray());
        return await ReadAsync(command, cancellationToken);
    }

    protected override async Task<HashSet<Guid>> ReadIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand($"SELECT id FROM {_table} WHERE id = ANY($1)");
        Add(command, ids.ToArray());
        var found = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            found.Add(reader.GetGuid(0));
        return found;
    }

    protected override async Task RemoveAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(
            $"DELETE FROM {_table} WHERE (id, version) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]) ORDER BY 1)");
        Add(command, documents.Select(document => document.Id).ToArray());
        Add(command, documents.Select(document => document.Version).ToArray());
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    protected override async Task<HashSet<Guid>> WriteAsync(
        IReadOnlyCollection<Document<T>> documents, bool insertOnly, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand(insertOnly ? _insert : _upsert);
        Add(command, documents.Select(document => document.Id).ToArray());
        Add(command, documents.Select(document => document.Version + 1).ToArray());
        var json = documents.Select(document => JsonSerializer.SerializeToUtf8Bytes(document.Value, Model.Json)).ToArray();
        command.Parameters.Add(new() { Value = json, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        foreach (var field in Model.Fields)
            Add(command, field.ValuesOf(documents.Select(document => document.Value)));

        var missed = documents.Select(document => document.Id).ToHashSet();
        await using var written = await command.ExecuteReaderAsync(cancellationToken);
        while (await written.ReadAsync(cancellationToken))
            missed.Remove(written.GetGuid(0));
        return missed;
    }

    protected override async Task<List<Document<T>>> FindAsync(
        DocumentQuery<T> query, DocumentCursor? after, int limit, CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand();
        var conditions = new List<string> { "true" };
        if (query.Where is var (field, value))
            conditions.Add($"{Column(field)} = {Add(command, value)}");
        var order = query.OrderBy is null ? null : Column(query.OrderBy);
        if (order is not null)
            conditions.Add($"{order} IS NOT NULL");
        if (query.From is not null)
            conditions.Add($"{order} >= {Add(command, query.From)}");
        if (query.To is not null)
            conditions.Add($"{order} <= {Add(command, query.To)}");
        var (beyond, direction) = query.IsDescending ? ("<", "DESC") : (">", "ASC");
        if (after is not null && order is null)
            conditions.Add($"id {beyond} {Add(command, after.Id)}");
        else if (after is not null)
            conditions.Add($"({order}, id) {beyond} ({Add(command, after.Value!)}, {Add(command, after.Id)})");
        command.CommandText = $"""
            SELECT id, version, document FROM {_table} WHERE {string.Join(" AND ", conditions)}
            ORDER BY {(order is null ? "" : $"{order} {direction}, ")}id {direction} LIMIT {Add(command, limit)}
            """;
        return await ReadAsync(command, cancellationToken);
    }

    private async Task<List<Document<T>>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        var documents = new List<Document<T>>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            documents.Add(
                new(reader.GetGuid(0), JsonSerializer.Deserialize(reader.GetFieldValue<byte[]>(2), Model.Json)!, reader.GetInt64(1)));
        return documents;
    }

    private static string Add(NpgsqlCommand command, object value)
    {
        command.Parameters.Add(new() { Value = value });
        return $"${command.Parameters.Count}";
    }

    private static string Column(DocumentField<T> field) => $"\"{field.Name}\"";

    // Text compares by byte, as in MongoDB, independent of the database's locale.
    private static string SqlType(Type type) =>
        type == typeof(Guid) ? "uuid" : type == typeof(long) ? "bigint" : type == typeof(decimal) ? "numeric" : "text COLLATE \"C\"";
}

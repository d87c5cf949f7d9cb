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
internal sealed class PostgresCollection<T> : IDocumentCollection<T> where T : class
{
    private readonly NpgsqlDataSource _database;
    private readonly DocumentModel<T> _model;
    private readonly CollectionCreation _creation;
    private readonly string _table;
    private readonly string _upsert;

    public PostgresCollection(NpgsqlDataSource database, DocumentModel<T> model)
    {
        (_database, _model, _creation) = (database, model, new(CreateAsync));
        _table = $"\"{model.Name}\"";
        string[] columns = ["id", "version", "document", .. model.Fields.Select(Column)];
        var list = string.Join(", ", columns);
        _upsert = $"""
            INSERT INTO {_table} AS stored ({list})
            SELECT {list} FROM unnest({string.Join(", ", columns.Select((_, index) => $"${index + 1}"))}) AS input ({list}) ORDER BY id
            ON CONFLICT (id) DO UPDATE SET {string.Join(", ", columns.Skip(1).Select(column => $"{column} = excluded.{column}"))}
            WHERE stored.version = excluded.version - 1 RETURNING id
            """;
    }

    public async Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
        IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = Command($"SELECT id, version, document FROM {_table} WHERE id = ANY($1)", ids.ToArray());
        return (await ReadAsync(command, ReadDocument, cancellationToken)).ToDictionary(document => document.Id);
    }

    public async Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken)
    {
        await using var command = Command($"SELECT id FROM {_table} WHERE id = ANY($1)", ids.ToArray());
        return (await ReadAsync(command, ReadId, cancellationToken)).ToHashSet();
    }

    public async Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        var ids = documents.Select(document => document.Id).ToArray();
        await using var command = Command(_upsert, ids, documents.Select(document => document.Version + 1).ToArray());
        var json = documents.Select(document => JsonSerializer.SerializeToUtf8Bytes(document.Value, _model.Json)).ToArray();
        command.Parameters.Add(new() { Value = json, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb });
        foreach (var field in _model.Fields)
            Add(command, field.ValuesOf(documents.Select(document => document.Value)));
        return ids.Except(await ReadAsync(command, ReadId, cancellationToken)).ToHashSet();
    }

    public async Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        var ids = documents.Select(document => document.Id).ToArray();
        await using var command = Command(
            $"DELETE FROM {_table} WHERE (id, version) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]) ORDER BY 1) RETURNING id", ids,
            documents.Select(document => document.Version).ToArray());
        await ReadAsync(command, ReadId, cancellationToken);
        return await FindIdsAsync(ids, cancellationToken);
    }

    public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) =>
        _model.ReadPageAsync(query, (after, limit) => FindAsync(query, after, limit, cancellationToken));

    private async Task<List<Document<T>>> FindAsync(
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
        return await ReadAsync(command, ReadDocument, cancellationToken);
    }

    private async Task CreateAsync()
    {
        // A command is a transaction. The lock serializes the replicas, because concurrent CREATE TABLE IF NOT EXISTS can fail.
        string[] statements =
        [
            $"SELECT pg_advisory_xact_lock(hashtextextended('forgeshop.documents.{_model.Name}', 0))",
            $"""
            CREATE TABLE IF NOT EXISTS {_table} (id uuid PRIMARY KEY, version bigint NOT NULL, document jsonb NOT NULL
            {string.Concat(_model.Fields.Select(field => $", {Column(field)} {SqlType(field.Type)}"))})
            """,
            // A later release may declare more fields. Documents of before have no value of them until they are written again.
            .. _model.Fields.Select(field => $"ALTER TABLE {_table} ADD COLUMN IF NOT EXISTS {Column(field)} {SqlType(field.Type)}"),
            .. _model.Indexes.Select(index => $"""
                CREATE INDEX IF NOT EXISTS "ix_{_model.Name}_{string.Join('_', index.Select(field => field.Name))}"
                ON {_table} ({string.Join(", ", index.Select(Column).Append("id"))})
                """),
        ];
        await using var command = _database.CreateCommand(string.Join(";\n", statements));
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<TRow>> ReadAsync<TRow>(
        NpgsqlCommand command, Func<NpgsqlDataReader, TRow> read, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(cancellationToken);
        var rows = new List<TRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private Document<T> ReadDocument(NpgsqlDataReader row) =>
        new(row.GetGuid(0), JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(2), _model.Json)!, row.GetInt64(1));

    private static Guid ReadId(NpgsqlDataReader row) => row.GetGuid(0);

    private NpgsqlCommand Command(string sql, params Array[] values)
    {
        var command = _database.CreateCommand(sql);
        foreach (var value in values)
            Add(command, value);
        return command;
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

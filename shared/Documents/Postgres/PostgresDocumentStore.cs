using NpgsqlTypes;

namespace ForgeShop.Documents;

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

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken)
    {
        await ExecuteAsync("SELECT 1", cancellationToken);
        return HealthCheckResult.Healthy();
    }

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
internal sealed class PostgresCollection<T>(NpgsqlDataSource database, DocumentModel<T> model) : IDocumentCollection<T> where T : class
{
    private readonly CollectionCreation _creation = new();
    private readonly string _table = $"\"{model.Name}\"";
    private readonly string _select = $"SELECT id, version, document FROM \"{model.Name}\"";
    private readonly string _upsert = Upsert(model);

    public async Task<IReadOnlyDictionary<Guid, Document<T>>> GetManyAsync(
        IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        (await ReadAsync($"{_select} WHERE id = ANY($1)", [ids.ToArray()], ReadDocument, cancellationToken)).ToDictionary(row => row.Id);

    public async Task<IReadOnlySet<Guid>> FindIdsAsync(IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        (await ReadAsync($"SELECT id FROM {_table} WHERE id = ANY($1)", [ids.ToArray()], ReadId, cancellationToken)).ToHashSet();

    public async Task<IReadOnlySet<Guid>> BulkUpsertAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        var ids = documents.Select(document => document.Id).ToArray();
        var versions = documents.Select(document => document.Version + 1).ToArray();
        var fields = model.Fields.Select(field => field.ValuesOf(documents.Select(document => document.Value)));
        var json = documents.Select(document => JsonSerializer.SerializeToUtf8Bytes(document.Value, model.Json)).ToArray();
        var jsonb = new NpgsqlParameter { Value = json, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb };
        return ids.Except(await ReadAsync(_upsert, [ids, versions, .. fields, jsonb], ReadId, cancellationToken)).ToHashSet();
    }

    public async Task<IReadOnlySet<Guid>> DeleteManyAsync(IReadOnlyCollection<Document<T>> documents, CancellationToken cancellationToken)
    {
        var ids = documents.Select(document => document.Id).ToArray();
        var versions = documents.Select(document => document.Version).ToArray();
        await ReadAsync(
            $"DELETE FROM {_table} WHERE (id, version) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]) ORDER BY 1)",
            [ids, versions], ReadId, cancellationToken);
        return await FindIdsAsync(ids, cancellationToken);
    }

    public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) =>
        model.ReadPageAsync(query, (after, limit) => FindAsync(query, after, limit, cancellationToken));

    private Task<List<Document<T>>> FindAsync(
        DocumentQuery<T> query, DocumentPosition? after, int limit, CancellationToken cancellationToken)
    {
        var values = new List<object>();
        var order = query.OrderBy is null ? "id" : Column(query.OrderBy);
        var conditions = new List<string> { $"{order} IS NOT NULL" };
        if (query.Where is var (field, value))
            conditions.Add($"{Column(field)} = {Add(value)}");
        if (query.From is not null)
            conditions.Add($"{order} >= {Add(query.From)}");
        if (query.To is not null)
            conditions.Add($"{order} <= {Add(query.To)}");
        var (beyond, direction) = query.IsDescending ? ("<", "DESC") : (">", "ASC");
        if (after is not null && query.OrderBy is null)
            conditions.Add($"id {beyond} {Add(after.Id)}");
        else if (after is not null)
            conditions.Add($"({order}, id) {beyond} ({Add(after.Value!)}, {Add(after.Id)})");
        var sql = $"{_select} WHERE {string.Join(" AND ", conditions)} ORDER BY {order} {direction}, id {direction} LIMIT {Add(limit)}";
        return ReadAsync(sql, values, ReadDocument, cancellationToken);

        string Add(object parameter)
        {
            values.Add(parameter);
            return $"${values.Count}";
        }
    }

    private static string Upsert(DocumentModel<T> model)
    {
        string[] columns = ["id", "version", .. model.Fields.Select(Column), "document"];
        var list = string.Join(", ", columns);
        return $"""
            INSERT INTO "{model.Name}" AS stored ({list})
            SELECT {list} FROM unnest({string.Join(", ", columns.Select((_, index) => $"${index + 1}"))}) AS input ({list})
            WHERE version = 1 OR EXISTS (SELECT FROM "{model.Name}" AS present WHERE present.id = input.id) ORDER BY id
            ON CONFLICT (id) DO UPDATE SET {string.Join(", ", columns.Skip(1).Select(column => $"{column} = excluded.{column}"))}
            WHERE stored.version = excluded.version - 1 RETURNING id
            """;
    }

    private async Task CreateAsync()
    {
        // A command is a transaction. The lock serializes the replicas, because concurrent CREATE TABLE IF NOT EXISTS can fail.
        string[] statements =
        [
            $"SELECT pg_advisory_xact_lock(hashtextextended('forgeshop.documents.{model.Name}', 0))",
            $"CREATE TABLE IF NOT EXISTS {_table} (id uuid PRIMARY KEY, version bigint NOT NULL, document jsonb NOT NULL)",
            // A later release may declare more fields. Documents of before have no value of them until they are written again.
            .. model.Fields.Select(field => $"ALTER TABLE {_table} ADD COLUMN IF NOT EXISTS {Column(field)} {SqlType(field.Type)}"),
            .. model.Indexes.Select(index => $"""
                CREATE INDEX IF NOT EXISTS "ix_{model.Name}_{string.Join('_', index.Select(field => field.Name))}"
                ON {_table} ({string.Join(", ", index.Select(Column).Append("id"))})
                """),
        ];
        await using var command = database.CreateCommand(string.Join(";\n", statements));
        await command.ExecuteNonQueryAsync();
    }

    private async Task<List<TRow>> ReadAsync<TRow>(
        string sql, IEnumerable<object> values, Func<NpgsqlDataReader, TRow> read, CancellationToken cancellationToken)
    {
        await _creation.EnsureAsync(CreateAsync, cancellationToken);
        await using var command = database.CreateCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(value as NpgsqlParameter ?? new() { Value = value });
        var rows = new List<TRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private Document<T> ReadDocument(NpgsqlDataReader row) =>
        new(row.GetGuid(0), JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(2), model.Json)!, row.GetInt64(1));

    private static Guid ReadId(NpgsqlDataReader row) => row.GetGuid(0);

    private static string Column(DocumentField<T> field) => $"\"{field.Name}\"";

    // Text compares by byte, as in MongoDB, independent of the database's locale.
    private static string SqlType(Type type) =>
        type == typeof(Guid) ? "uuid" : type == typeof(long) ? "bigint" : type == typeof(decimal) ? "numeric" : "text COLLATE \"C\"";
}

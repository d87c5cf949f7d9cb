using System.Data;
using System.Globalization;
using System.Text;
using Npgsql;
using NpgsqlTypes;
using Polly;

namespace ForgeShop.Documents.Postgres;

/// <summary>One collection. Its table is described in <see cref="PostgresTable{T}"/>.</summary>
internal sealed class PostgresCollection<T> : IDocumentCollection<T> where T : class
{
    private readonly NpgsqlDataSource _database;
    private readonly DocumentModel<T> _model;
    private readonly ResiliencePipeline _retry;
    private readonly AsyncOnce _create;
    private readonly string _table;
    private readonly string _get;
    private readonly string _insert;
    private readonly string _replace;

    public PostgresCollection(NpgsqlDataSource database, DocumentModel<T> model, ResiliencePipeline retry)
    {
        _database = database;
        _model = model;
        _retry = retry;
        var table = new PostgresTable<T>(database, model);
        _create = new AsyncOnce(token => retry.ExecuteAsync(async attempt => await table.CreateAsync(attempt), token).AsTask());

        _table = PostgresTable<T>.Quote(model.Name);
        var columns = model.Fields.Select(PostgresTable<T>.Column).Prepend("document").ToList();
        _get = $"SELECT id, version, document FROM {_table} WHERE id = $1";
        _insert = $"""
            INSERT INTO {_table} (id, version, {string.Join(", ", columns)})
            VALUES ($1, $2 + 1, {string.Join(", ", Enumerable.Range(3, columns.Count).Select(index => $"${index}"))})
            ON CONFLICT (id) DO NOTHING
            """;
        _replace = $"""
            UPDATE {_table} SET version = version + 1, {string.Join(", ", columns.Select((column, index) => $"{column} = ${index + 3}"))}
            WHERE id = $1 AND version = $2
            """;
    }

    public string Name => _model.Name;

    public Task EnsureCreatedAsync(CancellationToken cancellationToken) => _create.RunAsync(cancellationToken).AsTask();

    public async Task<Document<T>?> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await _create.RunAsync(cancellationToken);
        return await _retry.ExecuteAsync(async token =>
        {
            await using var command = _database.CreateCommand(_get);
            command.Parameters.Add(new() { Value = id, NpgsqlDbType = NpgsqlDbType.Uuid });
            await using var reader = await command.ExecuteReaderAsync(CommandBehavior.SingleRow, token);
            return await reader.ReadAsync(token) ? Read(reader) : null;
        }, cancellationToken);
    }

    public async Task<bool> UpsertAsync(Guid id, T value, long expectedVersion, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(expectedVersion);
        await _create.RunAsync(cancellationToken);
        await using var command = _database.CreateCommand(expectedVersion == 0 ? _insert : _replace);
        command.Parameters.Add(new() { Value = id, NpgsqlDbType = NpgsqlDbType.Uuid });
        command.Parameters.Add(new() { Value = expectedVersion, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new() { Value = DocumentJson.Write(_model, value), NpgsqlDbType = NpgsqlDbType.Jsonb });
        foreach (var field in _model.Fields)
            command.Parameters.Add(PostgresTable<T>.Parameter(field, field.ValueOf(value)));
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    public async Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken)
    {
        query.Check(_model);
        var after = DocumentCursor.Read(_model, query);
        await _create.RunAsync(cancellationToken);
        return await _retry.ExecuteAsync(async token =>
        {
            await using var command = Command(query, after);
            await using var reader = await command.ExecuteReaderAsync(token);
            var items = new List<Document<T>>();
            object? last = null;
            while (await reader.ReadAsync(token))
            {
                // One more than asked for was asked of the server: it says that there is a next page.
                if (items.Count == query.Limit)
                    return new DocumentPage<T>(items, DocumentCursor.Write(_model, query, last, items[^1].Id));
                items.Add(Read(reader));
                last = query.Order is null ? null : OrderValue(reader, query.Order.Kind);
            }
            return new DocumentPage<T>(items, null);
        }, cancellationToken);
    }

    private NpgsqlCommand Command(DocumentQuery<T> query, DocumentCursor? after)
    {
        var command = _database.CreateCommand();
        var conditions = new List<string>();
        string Add(NpgsqlParameter parameter)
        {
            command.Parameters.Add(parameter);
            return $"${command.Parameters.Count}";
        }

        foreach (var (field, comparison, value) in query.Conditions)
        {
            var sign = comparison switch
            {
                DocumentQuery<T>.Comparison.AtLeast => ">=",
                DocumentQuery<T>.Comparison.Below => "<",
                _ => "=",
            };
            conditions.Add($"{PostgresTable<T>.Column(field)} {sign} {Add(PostgresTable<T>.Parameter(field, value))}");
        }

        var order = query.Order is null ? null : PostgresTable<T>.Column(query.Order);
        if (order is not null)
            conditions.Add($"{order} IS NOT NULL");
        if (after is not null)
        {
            var beyond = query.Descending ? "<" : ">";
            var id = Add(new() { Value = after.Id, NpgsqlDbType = NpgsqlDbType.Uuid });
            conditions.Add(query.Order is null
                ? $"id {beyond} {id}"
                : $"({order}, id) {beyond} ({Add(PostgresTable<T>.Parameter(query.Order, after.Value))}, {id})");
        }

        var direction = query.Descending ? " DESC" : "";
        var sql = new StringBuilder("SELECT id, version, document");
        if (order is not null)
            sql.Append(", ").Append(order);
        sql.Append(" FROM ").Append(_table);
        if (conditions.Count > 0)
            sql.Append(" WHERE ").AppendJoin(" AND ", conditions);
        sql.Append(" ORDER BY ");
        if (order is not null)
            sql.Append(order).Append(direction).Append(", ");
        sql.Append("id").Append(direction).Append(" LIMIT ").Append((query.Limit + 1).ToString(CultureInfo.InvariantCulture));
#pragma warning disable CA2100 // Names are checked (Names.cs), values are parameters.
        command.CommandText = sql.ToString();
#pragma warning restore CA2100
        return command;
    }

    private Document<T> Read(NpgsqlDataReader reader) =>
        new(reader.GetGuid(0), DocumentJson.Read(_model, reader.GetFieldValue<byte[]>(2)), reader.GetInt64(1));

    private static object OrderValue(NpgsqlDataReader reader, FieldKind kind) => kind switch
    {
        FieldKind.Uuid => reader.GetGuid(3),
        FieldKind.Integer => reader.GetInt64(3),
        FieldKind.Decimal => reader.GetDecimal(3),
        FieldKind.Time => reader.GetFieldValue<DateTimeOffset>(3),
        _ => reader.GetString(3),
    };
}

using System.Security.Cryptography;
using System.Text;
using Npgsql;
using NpgsqlTypes;

namespace ForgeShop.Documents.Postgres;

/// <summary>
/// A collection's table: <c>id uuid primary key, version bigint, document jsonb</c> and a column a declared field, named in
/// snake case. Creating it also brings an older table up to the model: columns of fields declared since are added and filled.
/// (A replica of the old release that still runs then does not fill them: stop it first, or rebuild the read model.)
/// </summary>
internal sealed class PostgresTable<T>(NpgsqlDataSource database, DocumentModel<T> model) where T : class
{
    private const int BackfillBatch = 500;

    private readonly string _table = Quote(model.Name);

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        // Replicas that start together: one works, the others wait and then find everything done.
        await ExecuteAsync(connection, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", cancellationToken, Text($"forgeshop.documents.{model.Name}"));

        var existing = await ReadColumnsAsync(connection, cancellationToken);
        var missing = model.Fields.Where(field => !existing.ContainsKey(ColumnName(field))).ToList();
        if (existing.Count == 0)
        {
            var columns = model.Fields.Select(field => $", {Column(field)} {SqlType(field)}");
            await ExecuteAsync(connection, $"CREATE TABLE {_table} (id uuid PRIMARY KEY, version bigint NOT NULL, document jsonb NOT NULL{string.Concat(columns)})", cancellationToken);
        }
        else
        {
            CheckTypes(existing);
            foreach (var field in missing)
                await ExecuteAsync(connection, $"ALTER TABLE {_table} ADD COLUMN {Column(field)} {SqlType(field)}", cancellationToken);
            if (missing.Count > 0)
                await BackfillAsync(connection, missing, cancellationToken);
        }

        foreach (var index in model.Indexes)
            await ExecuteAsync(connection, $"CREATE INDEX IF NOT EXISTS {IndexName(index)} ON {_table} ({string.Join(", ", index.Select(Column).Append("id"))})", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>The columns of the table by name, with their types; none if there is no table.</summary>
    private async Task<Dictionary<string, string>> ReadColumnsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped", connection);
        command.Parameters.Add(Text(_table));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = new Dictionary<string, string>();
        while (await reader.ReadAsync(cancellationToken))
            columns.Add(reader.GetString(0), reader.GetString(1));
        return columns;
    }

    private void CheckTypes(Dictionary<string, string> existing)
    {
        foreach (var field in model.Fields)
        {
            if (existing.TryGetValue(ColumnName(field), out var type) && !SqlType(field).StartsWith(type, StringComparison.Ordinal))
                throw new InvalidOperationException($"Field '{field.Name}' of '{model.Name}' is declared as {field.Kind}, but its column is {type}: give it another name.");
        }
    }

    private async Task BackfillAsync(NpgsqlConnection connection, List<DocumentField<T>> fields, CancellationToken cancellationToken)
    {
        var update = $"UPDATE {_table} SET {string.Join(", ", fields.Select((field, index) => $"{Column(field)} = ${index + 2}"))} WHERE id = $1";
        for (Guid? last = null; ;)
        {
            await using var batch = new NpgsqlBatch(connection);
            await using (var select = new NpgsqlCommand($"SELECT id, document FROM {_table} WHERE $1 IS NULL OR id > $1 ORDER BY id LIMIT {BackfillBatch}", connection))
            {
                select.Parameters.Add(Uuid(last));
                await using var reader = await select.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    last = reader.GetGuid(0);
                    var document = DocumentJson.Read(model, reader.GetFieldValue<byte[]>(1));
                    var command = new NpgsqlBatchCommand(update);
                    command.Parameters.Add(Uuid(last));
                    foreach (var field in fields)
                        command.Parameters.Add(Parameter(field, field.ValueOf(document)));
                    batch.BatchCommands.Add(command);
                }
            }
            if (batch.BatchCommands.Count == 0)
                return;
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    public static string Quote(string name) => $"\"{name}\"";

    public static string Column(DocumentField<T> field) => Quote(ColumnName(field));

    private static string ColumnName(DocumentField<T> field) =>
        string.Concat(field.Name.Select(letter => char.IsAsciiLetterUpper(letter) ? $"_{char.ToLowerInvariant(letter)}" : $"{letter}"));

    /// <summary>Readable, unless it would be cut off at PostgreSQL's 63 characters: then a hash keeps it apart from others.</summary>
    private string IndexName(IReadOnlyList<DocumentField<T>> index)
    {
        var name = $"ix_{model.Name}_{string.Join('_', index.Select(ColumnName))}";
        return Quote(name.Length <= 63 ? name : $"{name[..54]}_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)))[..8]}");
    }

    /// <summary>Text compares by byte, as in MongoDB, whatever the database's locale.</summary>
    private static string SqlType(DocumentField<T> field) => field.Kind switch
    {
        FieldKind.Uuid => "uuid",
        FieldKind.Integer => "bigint",
        FieldKind.Decimal => "numeric",
        FieldKind.Time => "timestamp with time zone",
        _ => "text COLLATE \"C\"",
    };

    public static NpgsqlParameter Parameter(DocumentField<T> field, object? value) => new()
    {
        Value = value ?? DBNull.Value,
        NpgsqlDbType = field.Kind switch
        {
            FieldKind.Uuid => NpgsqlDbType.Uuid,
            FieldKind.Integer => NpgsqlDbType.Bigint,
            FieldKind.Decimal => NpgsqlDbType.Numeric,
            FieldKind.Time => NpgsqlDbType.TimestampTz,
            _ => NpgsqlDbType.Text,
        },
    };

    private static NpgsqlParameter Uuid(Guid? id) => new() { Value = id ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Text(string text) => new() { Value = text, NpgsqlDbType = NpgsqlDbType.Text };

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params NpgsqlParameter[] parameters)
    {
#pragma warning disable CA2100 // Names are checked (Names.cs), values are parameters.
        await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

using ForgeShop.Forge;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ForgeShop.Auditing;

/// <summary>Declares how a table answers the audit. The members are SQL expressions; the ID is a column with a unique index.</summary>
/// <param name="From">The table, optionally with an alias.</param>
public sealed record AuditedTable(AuditedCollection Collection, string From)
{
    public string Id { get; init; } = "id";

    public IReadOnlyList<(string Field, string Sql)> Key { get; init; } = [];

    public string Group { get; init; } = "null";

    public string At { get; init; } = "null";

    public string Events { get; init; } = "null";

    /// <summary>The values of each <see cref="ContentHash"/>.</summary>
    public IReadOnlyList<(string Name, string[] Values)> Hashes { get; init; } = [];

    /// <summary>JSON texts that are hashed in their canonical form (RFC 8785), in lookups only: a page does not need them.</summary>
    public IReadOnlyList<(string Name, string Sql)> JsonHashes { get; init; } = [];

    /// <summary>Returns an SQL expression of an amount as <see cref="ContentHash.Amount"/> writes it.</summary>
    public static string Amount(string column) => $"trim_scale({column})";

    /// <summary>Returns an SQL expression of a time as <see cref="ContentHash.Time"/> writes it.</summary>
    public static string Time(string column) => $"(extract(epoch from {column}) * 1000000)::bigint";

    internal string Select(bool withJson) => $"""
        SELECT {Id}, {TextArray(Key.Select(part => part.Sql))}, {Group}::text, {At}::timestamptz, {Events}::bigint
        {string.Concat(Hashes.Select(hash => $", {TextArray(hash.Values)}"))}
        {string.Concat(JsonHashes.Where(_ => withJson).Select(json => $", coalesce(({json.Sql})::text, 'null')"))}
        FROM {From}
        """;

    private static string TextArray(IEnumerable<string> values) =>
        $"ARRAY[{string.Join(", ", values.Select(value => $"({value})::text"))}]::text[]";
}

/// <summary>Reads a table: a page is one statement on the index of the ID.</summary>
public class TableAudit<TContext>(AuditedTable table, IServiceScopeFactory scopes) : AuditedStore(table.Collection)
    where TContext : DbContext
{
    private readonly string _page = $"{table.Select(withJson: false)} WHERE {table.Id} > $1 ORDER BY {table.Id} LIMIT $2";
    private readonly string _lookup = $"{table.Select(withJson: true)} WHERE {table.Id} = ANY($1)";
    private readonly string _find = $"SELECT {table.Id} FROM {table.From.Split(' ')[0]} WHERE {table.Id} = ANY($1)";

    protected IServiceScopeFactory Scopes => scopes;

    public override async Task<long?> EstimateAsync(CancellationToken cancellationToken)
    {
        var rows = await QueryAsync(
            "SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass($1)", reader => reader.GetInt64(0), [table.From.Split(' ')[0]],
            cancellationToken);
        // PostgreSQL has no estimate before its first vacuum of the table.
        return rows is [>= 0 and var estimate] ? estimate : null;
    }

    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var start = after is null ? Guid.Empty : Uuid.TryParse(after, out var id) ? id : throw new FormatException();
        var items = await QueryAsync(_page, Read, [start, limit], cancellationToken);
        return new(items, items.Count == limit ? Uuid.ToText(items[^1].Id) : null);
    }

    public override async Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        await QueryAsync(_lookup, Read, [ids.ToArray()], cancellationToken);

    public override async Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) =>
        await QueryAsync(_find, reader => new AuditEntry(reader.GetGuid(0)), [ids.ToArray()], cancellationToken);

    protected async Task<List<T>> QueryAsync<T>(
        string sql, Func<NpgsqlDataReader, T> read, object[] parameters, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<TContext>().Database;
        await database.OpenConnectionAsync(cancellationToken);
#pragma warning disable CA2100 // The SQL consists of constants of the code; values are parameters.
        await using var command = new NpgsqlCommand(sql, (NpgsqlConnection)database.GetDbConnection());
#pragma warning restore CA2100
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(read(reader));
        return rows;
    }

    private AuditEntry Read(NpgsqlDataReader reader) => new(reader.GetGuid(0))
    {
        Key = ReadKey(reader.GetFieldValue<string?[]>(1)),
        Group = reader.IsDBNull(2) ? null : reader.GetString(2),
        At = reader.IsDBNull(3) ? null : reader.GetFieldValue<DateTimeOffset>(3),
        Events = reader.IsDBNull(4) ? null : reader.GetInt64(4),
        Hashes = ReadHashes(reader),
    };

    private Dictionary<string, string>? ReadKey(string?[] values)
    {
        if (values.Length == 0)
            return null;
        var key = new Dictionary<string, string>(values.Length);
        for (var i = 0; i < values.Length; i++)
            key.Add(table.Key[i].Field, values[i] ?? "");
        return key;
    }

    private Dictionary<string, string>? ReadHashes(NpgsqlDataReader reader)
    {
        var (count, column) = (reader.FieldCount - 5, 5);
        if (count == 0)
            return null;
        var hashes = new Dictionary<string, string>(count);
        foreach (var (name, _) in table.Hashes)
            hashes.Add(name, ContentHash.Of(reader.GetFieldValue<string?[]>(column++)));
        foreach (var (name, _) in table.JsonHashes.Take(reader.FieldCount - column))
            hashes.Add(name, JsonHash.Of(reader.GetFieldValue<byte[]>(column++)));
        return hashes;
    }
}

/// <summary>The <see cref="ContentHash"/> of a JSON text in its canonical form, which all stores agree on.</summary>
public static class JsonHash
{
    public static string Of(ReadOnlySpan<byte> utf8Json) =>
        Jcs.TryCanonicalize(utf8Json, out var canonical, out _) ? ContentHash.OfUtf8(canonical) : ContentHash.Of((string?)null);
}

public static class AuditedTables
{
    public static IServiceCollection AddAuditedTable<TContext>(this IServiceCollection services, AuditedTable table)
        where TContext : DbContext =>
        services.AddSingleton<AuditedStore>(provider => ActivatorUtilities.CreateInstance<TableAudit<TContext>>(provider, table));
}

using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>Statements that a database executed.</summary>
/// <param name="Database">The database.</param>
/// <param name="Statements">All statements, including the other columns.</param>
/// <param name="Transactions">BEGIN, COMMIT and ROLLBACK.</param>
/// <param name="Resets">DISCARD and RESET, which a connection pool sends.</param>
internal sealed record StatementCount(string Database, double Statements, double Transactions, double Resets)
{
    public static StatementCount operator +(StatementCount a, StatementCount b) =>
        new(a.Database, a.Statements + b.Statements, a.Transactions + b.Transactions, a.Resets + b.Resets);

    public StatementCount DividedBy(double count) => new(Database, Statements / count, Transactions / count, Resets / count);
}

/// <summary>
/// Counts the statements of all databases of a server by pg_stat_statements, without those that contain <see cref="Marker"/>.
/// </summary>
internal sealed class StatementCounter(NpgsqlDataSource server)
{
    /// <summary>The setting that the server needs at its start.</summary>
    public const string ServerSetting = "shared_preload_libraries=pg_stat_statements";

    /// <summary>
    /// A comment inside the benchmark's own queries. It is not at the start, because the extension drops comments before the first keyword.
    /// </summary>
    public const string Marker = "/* bench */";

    private const string Count = $"""
        select {Marker} d.datname, sum(s.calls)::float8,
            coalesce(sum(s.calls) filter (where s.query ~* '^(begin|commit|rollback|start transaction)'), 0)::float8,
            coalesce(sum(s.calls) filter (where s.query ~* '^(discard|reset)'), 0)::float8
        from pg_stat_statements s join pg_database d on d.oid = s.dbid
        where position('{Marker}' in s.query) = 0
        group by d.datname
        """;

    public async Task InstallAsync(CancellationToken cancellationToken)
    {
        await using var command = server.CreateCommand("create extension if not exists pg_stat_statements");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public async Task<IReadOnlyDictionary<string, StatementCount>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = server.CreateCommand(Count);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var counts = new Dictionary<string, StatementCount>();
        while (await reader.ReadAsync(cancellationToken))
            counts[reader.GetString(0)] = new(reader.GetString(0), reader.GetDouble(1), reader.GetDouble(2), reader.GetDouble(3));
        return counts;
    }

    /// <summary>Returns the statements since <paramref name="before"/>.</summary>
    public async Task<IReadOnlyList<StatementCount>> SinceAsync(
        IReadOnlyDictionary<string, StatementCount> before, CancellationToken cancellationToken) =>
        [.. (await ReadAsync(cancellationToken)).Values.Select(now => before.TryGetValue(now.Database, out var then)
            ? new StatementCount(
                now.Database, now.Statements - then.Statements, now.Transactions - then.Transactions, now.Resets - then.Resets)
            : now)];
}

using System.Net;
using System.Text;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using ForgeShop.Load.Chaos;
using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>
/// Fills the databases with copies of confirmed orders, as the services would have written them: each copy has a reference of its own and
/// the IDs that follow from it, in columns and JSON alike. Times are those of the originals.
/// </summary>
internal sealed class StoredOrders(IsolatedAppHost host, ShopClient administrator, ForgeIds ids, TimeProvider time)
{
    private const string Reporting = "reporting-db";
    private const int ChunkLength = 1 << 20, TimeoutSeconds = 1200;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1), RebuildTimeout = TimeSpan.FromHours(1);
    private static readonly string[] Databases =
        ["orders-db", "inventory-db", "payments-db", "notifications-db", "recommendations-db", Reporting];

    /// <param name="originals">Confirmed orders whose messages are all handled.</param>
    /// <param name="count">The number of copies.</param>
    /// <param name="progress">Receives one line for each step.</param>
    /// <param name="cancellationToken">Cancels the load.</param>
    /// <exception cref="BenchmarkFailedException">Reporting could not rebuild its read models, or not in time.</exception>
    public async Task LoadAsync(
        IReadOnlyList<AcceptedOrder> originals, int count, Action<string> progress, CancellationToken cancellationToken)
    {
        var orders = await DescribeAsync(originals, cancellationToken);
        foreach (var name in Databases)
        {
            var connectionString = await host.ConnectionStringAsync(name, cancellationToken);
            if (connectionString.StartsWith("mongodb", StringComparison.Ordinal))
            {
                progress($"{name}: not loaded, because it is MongoDB");
                continue;
            }
            await using var database = Open(connectionString);
            var rows = 0L;
            foreach (var table in await TablesAsync(database, cancellationToken))
            {
                // Reporting builds its read models by itself.
                if (name != Reporting || table.Name is "events" or "commands")
                    rows += await CopyAsync(database, table, orders, count, cancellationToken);
            }
            if (name == Reporting)
                await RecordPositionsAsync(database, cancellationToken);
            await using var vacuum = database.CreateCommand("vacuum analyze");
            await vacuum.ExecuteNonQueryAsync(cancellationToken);
            progress($"{name}: {rows:N0} rows");
        }
        await RebuildAsync(progress, cancellationToken);
    }

    private async Task<IReadOnlyList<StoredOrder>> DescribeAsync(
        IReadOnlyList<AcceptedOrder> originals, CancellationToken cancellationToken)
    {
        await using var database = Open(await host.ConnectionStringAsync("orders-db", cancellationToken));
        await using var command = database.CreateCommand(
            """
            select o.user_id, o.reference, l.product_id, s.correlation_id
            from orders o join order_lines l on l.order_id = o.id join sagas s on s.order_id = o.id where o.id = any($1)
            """);
        command.Parameters.AddWithValue(originals.Select(order => order.Id.Value).ToArray());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var described = new List<StoredOrder>();
        while (await reader.ReadAsync(cancellationToken))
            described.Add(new(new(reader.GetGuid(0)), reader.GetString(1), new(reader.GetGuid(2)), reader.GetGuid(3)));
        return described;
    }

    private sealed record Table(string Name, IReadOnlyList<string> Columns, IReadOnlyList<string> Uuids);

    /// <summary>Returns the tables that hold IDs, with the columns that an insert has to set.</summary>
    private static async Task<IReadOnlyList<Table>> TablesAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            """
            select format('%I.%I', c.table_schema, c.table_name), format('%I', c.column_name), c.udt_name = 'uuid'
            from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema', 'bench')
                and c.is_identity = 'NO' and c.is_generated = 'NEVER' and coalesce(c.column_default, '') not like 'nextval%'
            order by 1, c.ordinal_position
            """);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = new List<(string Table, string Name, bool IsUuid)>();
        while (await reader.ReadAsync(cancellationToken))
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetBoolean(2)));
        return
        [
            .. from column in columns
               group column by column.Table into table
               let uuids = table.Where(column => column.IsUuid).Select(column => column.Name).ToList()
               where uuids.Count > 0
               select new Table(table.Key.Replace("public.", "", StringComparison.Ordinal), [.. table.Select(column => column.Name)], uuids)
        ];
    }

    /// <returns>The number of rows written.</returns>
    private async Task<long> CopyAsync(
        NpgsqlDataSource database, Table table, IReadOnlyList<StoredOrder> orders, int count, CancellationToken cancellationToken)
    {
        var templates = await ReadAsync(database, table, orders, cancellationToken);
        if (templates.Count == 0)
            return 0;
        var rows = 0L;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var writer = await connection.BeginTextImportAsync(
            $"copy {table.Name} ({string.Join(", ", table.Columns)}) from stdin", cancellationToken);
        var chunk = new StringBuilder(2 * ChunkLength);
        for (var number = 1; number <= count; number++)
        {
            var original = orders[number % orders.Count];
            var copy = new StoredCopy(original.Copy(number, ids), number, ids);
            foreach (var row in templates[original])
            {
                row.Write(chunk, copy);
                rows++;
            }
            if (chunk.Length < ChunkLength && number < count)
                continue;
            await writer.WriteAsync(chunk, cancellationToken);
            chunk.Clear();
        }
        return rows;
    }

    /// <summary>Reads the rows of the originals.</summary>
    private async Task<ILookup<StoredOrder, StoredRow>> ReadAsync(
        NpgsqlDataSource database, Table table, IReadOnlyList<StoredOrder> orders, CancellationToken cancellationToken)
    {
        var own = orders.SelectMany(order => StoredOrder.OwnIds.Select((id, index) => (Id: id(order, ids), Order: order, Index: index)))
            .ToDictionary(one => one.Id, one => (one.Order, one.Index));
        var list = string.Join(',', own.Keys);
        var where = string.Join(" or ", table.Uuids.Select(column => $"{column} = any('{{{list}}}')"));
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        using var reader = await connection.BeginTextExportAsync(
            $"copy (select {string.Join(", ", table.Columns)} from {table.Name} where {where}) to stdout", cancellationToken);
        var rows = new List<StoredRow>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
            rows.Add(new(line, own));
        return rows.ToLookup(row => row.Order);
    }

    /// <summary>Tells Reporting that its read models include the copies, so that the rebuild folds them.</summary>
    private static async Task RecordPositionsAsync(NpgsqlDataSource database, CancellationToken cancellationToken)
    {
        await using var select = database.CreateCommand(
            $"""
            select partition, json_build_object('partition', partition, 'positions', json_build_object(partition, max("offset")),
                'events', count(*), 'recordedAt', max(document ->> 'recordedAt'))::text
            from events where partition like '%@{StoredRow.Log}' group by partition
            """);
        var checkpoints = new List<(Guid Id, string Document)>();
        await using (var reader = await select.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
                checkpoints.Add((
                    NameBasedUuid.V5(NamespaceIds.Url, $"forgeshop:reporting:checkpoint:{reader.GetString(0)}"), reader.GetString(1)));
        }
        await using var insert = database.CreateCommand(
            "insert into checkpoints (id, version, document) select id, 1, document::jsonb from unnest($1, $2) as c (id, document)");
        insert.Parameters.AddWithValue(checkpoints.ConvertAll(checkpoint => checkpoint.Id));
        insert.Parameters.AddWithValue(checkpoints.ConvertAll(checkpoint => checkpoint.Document));
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task RebuildAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        const string path = "/api/v1/reports/rebuild";
        var started = time.GetTimestamp();
        (await administrator.SendAsync(HttpMethod.Post, path, cancellationToken, new { })).Expect(HttpStatusCode.Accepted);
        while (time.GetElapsedTime(started) < RebuildTimeout)
        {
            var rebuild = await administrator.GetAsync(path, cancellationToken);
            var state = rebuild.GetProperty("state").GetString();
            if (state == "failed")
                throw new BenchmarkFailedException($"the rebuild of the read models failed: {rebuild.GetProperty("error")}");
            if (state == "complete")
            {
                progress($"read models: {rebuild.GetProperty("eventsFolded").GetInt64():N0} events");
                return;
            }
            await Task.Delay(Poll, time, cancellationToken);
        }
        throw new BenchmarkFailedException($"the read models were not rebuilt within {RebuildTimeout.TotalMinutes:0} minutes");
    }

    // The copies need no check of their foreign keys, and a crash during the load ends the benchmark anyway.
    private static NpgsqlDataSource Open(string connectionString) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(connectionString)
        {
            CommandTimeout = TimeoutSeconds, Options = "-c session_replication_role=replica -c synchronous_commit=off",
        });
}

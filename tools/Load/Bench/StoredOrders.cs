using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Load.Chaos;
using Npgsql;

namespace ForgeShop.Load.Bench;

/// <summary>
/// Fills the databases of the services with copies of the rows of one confirmed order. Each ID of a copy is a function of the original ID
/// and the copy's number, so the rows of a copy are consistent across databases. Texts and JSON are unchanged.
/// </summary>
internal sealed class StoredOrders(IsolatedAppHost host, ForgeIds ids)
{
    private const int Chunk = 50_000, Users = 10_000, TimeoutSeconds = 600;
    private static readonly string[] NotificationKinds = ["order-placed", "order-confirmed"];
    private static readonly string[] Databases = ["orders-db", "inventory-db", "payments-db", "notifications-db", "reporting-db"];
    private static readonly string[] EventTypes =
    [
        OrderPlaced.Type, OrderConfirmed.Type, ReserveStock.Type, StockReserved.Type, ChargePayment.Type, PaymentCharged.Type,
        NotificationSent.Type,
    ];

    /// <param name="original">A confirmed order whose messages are all handled.</param>
    /// <param name="skus">All products that orders may contain.</param>
    /// <param name="count">The number of copies.</param>
    /// <param name="progress">Receives one line for each database.</param>
    /// <param name="cancellationToken">Cancels the load.</param>
    public async Task LoadAsync(
        AcceptedOrder original, IEnumerable<string> skus, int count, Action<string> progress, CancellationToken cancellationToken)
    {
        var (own, products) = (IdsOf(original), skus.Select(sku => ids.Product(sku).Value).ToArray());
        foreach (var database in Databases)
        {
            var connectionString = await host.ConnectionStringAsync(database, cancellationToken);
            if (connectionString.StartsWith("mongodb", StringComparison.Ordinal))
            {
                progress($"{database}: not loaded, because it is MongoDB");
                continue;
            }

            var settings = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = TimeoutSeconds, Pooling = false };
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            // The copies need no foreign key checks, and a crash during the load ends the benchmark anyway.
            await ExecuteAsync(connection, "set session_replication_role = replica; set synchronous_commit = off", cancellationToken);
            var rows = 0L;
            foreach (var table in await TablesAsync(connection, cancellationToken))
                rows += await CopyAsync(connection, table, own, original.User.Value, products, count, cancellationToken);
            await ExecuteAsync(connection, "vacuum analyze", cancellationToken);
            progress($"{database}: {rows} rows");
        }
    }

    /// <summary>Returns every ID that the services derive for an order.</summary>
    private Guid[] IdsOf(AcceptedOrder order)
    {
        Guid[] notifications = [.. NotificationKinds.Select(kind => ids.Notification(order.User, kind, order.Id.Value).Value)];
        Guid[] aggregates = [order.Id.Value, ids.Reservation(order.Id).Value, ids.Payment(order.Id, 1).Value, .. notifications];
        var events =
            from aggregate in aggregates
            from type in EventTypes
            from sequence in Enumerable.Range(1, 4)
            select ids.Event(aggregate, type, sequence).Value;
        return [.. aggregates, ids.Saga(order.Id).Value, .. events];
    }

    private sealed record Table(string Name, IReadOnlyList<(string Name, string Type)> Columns)
    {
        public IEnumerable<string> UuidColumns => Columns.Where(column => column.Type == "uuid").Select(column => column.Name);
    }

    /// <summary>Returns the tables with the columns that an insert has to set.</summary>
    private static async Task<IReadOnlyList<Table>> TablesAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            select format('%I.%I', c.table_schema, c.table_name), format('%I', c.column_name), c.udt_name
            from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
            where t.table_type = 'BASE TABLE' and c.table_schema not in ('pg_catalog', 'information_schema', 'bench')
                and c.is_identity = 'NO' and c.is_generated = 'NEVER'
            order by 1, c.ordinal_position
            """,
            connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var columns = new List<(string Table, string Column, string Type)>();
        while (await reader.ReadAsync(cancellationToken))
            columns.Add((reader.GetString(0), reader.GetString(1), reader.GetString(2)));
        return [.. columns.GroupBy(column => column.Table)
            .Select(table => new Table(table.Key, [.. table.Select(column => (column.Column, column.Type))]))
            .Where(table => table.UuidColumns.Any())];
    }

    /// <returns>The number of rows written.</returns>
    private static async Task<long> CopyAsync(
        NpgsqlConnection connection, Table table, Guid[] own, Guid user, Guid[] products, int count, CancellationToken cancellationToken)
    {
        var belongs = string.Join(" or ", table.UuidColumns.Select(column => $"{column} = any($1)"));
        await ExecuteAsync(connection, $"create temp table original as select * from {table.Name} limit 0", cancellationToken);
        var rows = await ExecuteAsync(
            connection, $"insert into original select * from {table.Name} where {belongs}", cancellationToken, own);
        var copy = $"""
            insert into {table.Name} ({string.Join(", ", table.Columns.Select(column => column.Name))})
            select {string.Join(", ", table.Columns.Select(Value))} from original cross join generate_series($1, $2) as n
            """;
        for (var first = 1; rows > 0 && first <= count; first += Chunk)
            await ExecuteAsync(connection, copy, cancellationToken, first, Math.Min(count, first + Chunk - 1), count, user, products);
        await ExecuteAsync(connection, "drop table original", cancellationToken);
        return rows * count;

        // The copies have the same products, other users, and earlier times than the original.
        static string Value((string Name, string Type) column) => column.Type switch
        {
            "uuid" => $"""
                case when {column.Name} = any($5) then {column.Name} when {column.Name} = $4 then md5($4::text || n % {Users})::uuid
                else md5({column.Name}::text || n)::uuid end
                """,
            "timestamptz" => $"{column.Name} - ($3 - n) * interval '20 milliseconds'",
            _ => column.Name,
        };
    }

    private static async Task<long> ExecuteAsync(
        NpgsqlConnection connection, string sql, CancellationToken cancellationToken, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

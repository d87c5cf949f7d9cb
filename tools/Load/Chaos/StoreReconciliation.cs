using System.Globalization;
using System.Text.Json.Nodes;
using ForgeShop.Contracts.Events;
using Npgsql;

namespace ForgeShop.Load.Chaos;

/// <summary>
/// Compares the stores of all services, read directly: orders, money, stock, notifications, read models. Each service wrote its store from
/// different messages, so the stores agree only if nothing was lost or duplicated.
/// </summary>
internal sealed class StoreReconciliation : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _orders, _inventory, _payments, _notifications;
    private readonly NpgsqlDataSource? _recommendations;
    private readonly DocumentReader _reporting;

    private StoreReconciliation(
        NpgsqlDataSource orders, NpgsqlDataSource inventory, NpgsqlDataSource payments, NpgsqlDataSource notifications,
        NpgsqlDataSource? recommendations, DocumentReader reporting) =>
        (_orders, _inventory, _payments, _notifications, _recommendations, _reporting) =
            (orders, inventory, payments, notifications, recommendations, reporting);

    private IEnumerable<NpgsqlDataSource> Databases =>
        new[] { _orders, _inventory, _payments, _notifications, _recommendations }.OfType<NpgsqlDataSource>();

    /// <summary>Gets the number of confirmed and cancelled orders, as of the last count.</summary>
    public long Final { get; private set; }

    public static async Task<StoreReconciliation> OpenAsync(IsolatedAppHost shop, CancellationToken cancellationToken)
    {
        return new(
            await Database("orders-db"), await Database("inventory-db"), await Database("payments-db"), await Database("notifications-db"),
            shop.HasRecommendations ? await Database("recommendations-db") : null,
            new("reporting", await shop.ConnectionStringAsync("reporting-db", cancellationToken)));

        async Task<NpgsqlDataSource> Database(string resource) =>
            NpgsqlDataSource.Create(await shop.ConnectionStringAsync(resource, cancellationToken));
    }

    public async Task CountFinalAsync(CancellationToken cancellationToken) =>
        Final = await Number(_orders, "select count(*) from orders where status in ('confirmed', 'cancelled')", cancellationToken);

    /// <summary>Waits until every order is confirmed or cancelled and every read model has its events.</summary>
    /// <returns>False if that took longer than <paramref name="timeout"/>.</returns>
    public async Task<bool> SettledAsync(int orders, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
        try
        {
            while (!await IsSettledAsync(orders, deadline.Token))
                await Task.Delay(Poll, deadline.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// Compares until all figures agree, because the last events may still be in flight. A figure that differs after <paramref
    /// name="timeout"/> is a mismatch.
    /// </summary>
    public async Task<IReadOnlyList<Finding>> CompareAsync(
        IReadOnlyList<AcceptedOrder> accepted, IReadOnlyDictionary<string, int> initialStock, TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var findings = await CompareAsync(accepted, initialStock, cancellationToken);
            if (findings.All(finding => finding.Agrees) || TimeProvider.System.GetElapsedTime(started) > timeout)
                return findings;
            await Task.Delay(Poll, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<Finding>> CompareAsync(
        IReadOnlyList<AcceptedOrder> accepted, IReadOnlyDictionary<string, int> initialStock, CancellationToken cancellationToken)
    {
        var orders = await OrdersAsync(cancellationToken);
        return
        [
            .. CompareOrders(accepted, orders),
            .. await CompareMoneyAsync(orders, cancellationToken),
            .. await CompareStockAsync(initialStock, cancellationToken),
            .. await CompareNotificationsAsync(orders, cancellationToken),
            .. await CompareReadModelsAsync(orders, cancellationToken),
            .. _recommendations is { } recommendations ? await CompareRecommendationsAsync(recommendations, cancellationToken) : [],
        ];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in Databases)
            await database.DisposeAsync();
        _reporting.Dispose();
    }

    private sealed record StoredOrder(Guid Id, Guid UserId, string Status, decimal Total);

    private async Task<bool> IsSettledAsync(int orders, CancellationToken cancellationToken)
    {
        await CountFinalAsync(cancellationToken);
        if (Final < orders)
            return false;
        foreach (var database in Databases)
        {
            if (await Number(database, "select count(*) from outbox where published_at is null and error is null", cancellationToken) > 0)
                return false;
        }

        // Reporting is the last service to apply an event, and the notifications are the last events.
        var published = await Number(_orders, "select count(*) from outbox where topic = 'order.events'", cancellationToken);
        var checkpoints = (await _reporting.ReadAsync("checkpoints", cancellationToken)).ToList();
        return Applied(Topics.OrderEvents) == published && Applied(Topics.NotificationEvents) == published;

        long Applied(string topic) => checkpoints
            .Where(checkpoint => Text(checkpoint, "partition").StartsWith(topic + "-", StringComparison.Ordinal))
            .Sum(checkpoint => checkpoint["events"]!.GetValue<long>());
    }

    private static IEnumerable<Finding> CompareOrders(IReadOnlyList<AcceptedOrder> accepted, List<StoredOrder> orders)
    {
        var known = orders.Select(order => order.Id).ToHashSet();
        yield return new("accepted orders in Orders", accepted.Count, accepted.Count(order => known.Contains(order.Id.Value)));
        yield return new("orders in Orders", accepted.Count, orders.Count);
        yield return new("orders confirmed or cancelled", orders.Count, orders.Count(order => order.Status is "confirmed" or "cancelled"));
    }

    private async Task<IReadOnlyList<Finding>> CompareMoneyAsync(List<StoredOrder> orders, CancellationToken cancellationToken)
    {
        var confirmed = orders.Where(order => order.Status == "confirmed").ToDictionary(order => order.Id, order => order.Total);
        var due = confirmed.Values.Sum();
        var charged = await ChargedAsync(cancellationToken);
        var captured = await Sum(
            _payments, "select sum(amount) from simulated_provider.charges where state = 'captured'", cancellationToken);
        var capturedTwice = await Number(
            _payments, "select count(*) from simulated_provider.charges where captures > 1", cancellationToken);
        var exact = charged.Count(one => confirmed.TryGetValue(one.Key, out var total) && total == one.Value);
        return
        [
            new("amount of confirmed orders, in Payments", due, charged.Values.Sum()),
            new("amount of confirmed orders, at the provider", due, captured),
            new("confirmed orders charged with exactly their total", confirmed.Count, exact),
            new("orders captured twice by the provider", 0, capturedTwice),
        ];
    }

    private async Task<IReadOnlyList<Finding>> CompareStockAsync(
        IReadOnlyDictionary<string, int> initialStock, CancellationToken cancellationToken)
    {
        const string Sold = """
            select coalesce(sum(l.quantity), 0)::bigint from order_lines l join orders o on o.id = l.order_id
            where o.status = 'confirmed' and l.sku = $1
            """;
        const string Negative = "select count(*) from products where on_hand < 0 or reserved < 0 or on_hand < reserved";
        var findings = new List<Finding>
        {
            new(
                "pieces still reserved", 0,
                await Number(_inventory, "select coalesce(sum(reserved), 0)::bigint from products", cancellationToken)),
            new("products with a negative quantity", 0, await Number(_inventory, Negative, cancellationToken)),
        };
        var (initial, accounted, exact) = (0L, 0L, 0);
        foreach (var (sku, pieces) in initialStock)
        {
            var found = await Number(_inventory, "select on_hand::bigint from products where sku = $1", cancellationToken, sku)
                + await Number(_orders, Sold, cancellationToken, sku);
            (initial, accounted, exact) = (initial + pieces, accounted + found, exact + (found == pieces ? 1 : 0));
        }

        findings.Add(new("products whose pieces all reconcile", initialStock.Count, exact));
        findings.Add(new("initial pieces = on hand (Inventory) + in confirmed orders (Orders)", initial, accounted));
        return findings;
    }

    private async Task<IReadOnlyList<Finding>> CompareNotificationsAsync(List<StoredOrder> orders, CancellationToken cancellationToken)
    {
        var sent = await SentAsync(cancellationToken);
        var events = await Number(_orders, "select count(*) from outbox where topic = 'order.events'", cancellationToken);
        return
        [
            new("notifications, one for each order event", events, sent.Count),
            new(
                "orders with a notification of their final state", orders.Count,
                orders.Count(order => sent.Contains((order.Id, "order-" + order.Status)))),
        ];
    }

    private async Task<IReadOnlyList<Finding>> CompareReadModelsAsync(List<StoredOrder> orders, CancellationToken cancellationToken)
    {
        var reports = (await _reporting.ReadAsync("orders", cancellationToken)).ToDictionary(report => Guid.Parse(Text(report, "id")));
        var customers = (await _reporting.ReadAsync("customers", cancellationToken))
            .ToDictionary(customer => Guid.Parse(Text(customer, "id")));
        var byCustomer = orders.GroupBy(order => order.UserId).ToList();
        var sameStatus = orders.Count(order => reports.TryGetValue(order.Id, out var report) && Text(report, "status") == order.Status);
        var spent = customers.Values.SelectMany(customer => customer["spent"]!.AsArray()).Select(sum => Text(sum!, "amount"));
        return
        [
            new("orders whose read model has the same status", orders.Count, sameStatus),
            new("customers whose read model has the same number of orders", byCustomer.Count,
                byCustomer.Count(own =>
                    customers.TryGetValue(own.Key, out var customer) && customer["orderCount"]!.GetValue<int>() == own.Count())),
            new("amount spent in the customers' read models", orders.Where(order => order.Status == "confirmed").Sum(order => order.Total),
                spent.Sum(amount => decimal.Parse(amount, CultureInfo.InvariantCulture))),
        ];
    }

    /// <summary>Recommendations, on Node.js, counts the pairs of products of confirmed orders.</summary>
    private async Task<IReadOnlyList<Finding>> CompareRecommendationsAsync(
        NpgsqlDataSource recommendations, CancellationToken cancellationToken)
    {
        const string Sold = """
            select l.product_id::text || ' ' || o.product_id::text, count(*)
            from orders join order_lines l on l.order_id = orders.id
                join order_lines o on o.order_id = orders.id and o.product_id <> l.product_id
            where orders.status = 'confirmed' group by 1
            """;
        var expected = await PairsAsync(_orders, Sold, cancellationToken);
        var found = await PairsAsync(
            recommendations, "select product_id::text || ' ' || other_id::text, orders from pairs where orders <> 0", cancellationToken);
        return
        [
            new("pairs of products in confirmed orders, in Recommendations", expected.Values.Sum(), found.Values.Sum()),
            new("pairs with exactly their number of orders", expected.Count,
                expected.Count(pair => found.GetValueOrDefault(pair.Key) == pair.Value)),
            new("messages of Orders in the inbox of Recommendations",
                await Number(_orders, "select count(*) from outbox where topic = 'order.events'", cancellationToken),
                await Number(recommendations, "select count(*) from inbox", cancellationToken)),
        ];
    }

    private static async Task<Dictionary<string, long>> PairsAsync(
        NpgsqlDataSource database, string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var pairs = new Dictionary<string, long>();
        while (await reader.ReadAsync(cancellationToken))
            pairs[reader.GetString(0)] = reader.GetInt64(1);
        return pairs;
    }

    private async Task<List<StoredOrder>> OrdersAsync(CancellationToken cancellationToken)
    {
        await using var command = _orders.CreateCommand("select id, user_id, status, total_amount from orders");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var orders = new List<StoredOrder>();
        while (await reader.ReadAsync(cancellationToken))
            orders.Add(new(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetDecimal(3)));
        return orders;
    }

    private async Task<HashSet<(Guid Order, string Kind)>> SentAsync(CancellationToken cancellationToken)
    {
        await using var command = _notifications.CreateCommand("select reference, kind from notifications");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var sent = new HashSet<(Guid, string)>();
        while (await reader.ReadAsync(cancellationToken))
            sent.Add((reader.GetGuid(0), reader.GetString(1)));
        return sent;
    }

    private async Task<Dictionary<Guid, decimal>> ChargedAsync(CancellationToken cancellationToken)
    {
        await using var command = _payments.CreateCommand(
            "select order_id, sum(amount) from payments where status = 'charged' group by order_id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var charged = new Dictionary<Guid, decimal>();
        while (await reader.ReadAsync(cancellationToken))
            charged[reader.GetGuid(0)] = reader.GetDecimal(1);
        return charged;
    }

    private static async Task<long> Number(
        NpgsqlDataSource database, string sql, CancellationToken cancellationToken, params string[] parameters) =>
        await Scalar(database, sql, parameters, cancellationToken) is long number
            ? number
            : throw new InvalidOperationException("Not a number: " + sql);

    private static async Task<decimal> Sum(NpgsqlDataSource database, string sql, CancellationToken cancellationToken) =>
        await Scalar(database, sql, [], cancellationToken) as decimal? ?? 0m;

    private static async Task<object?> Scalar(
        NpgsqlDataSource database, string sql, string[] parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";
}

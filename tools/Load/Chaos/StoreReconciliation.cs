using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace ForgeShop.Load.Chaos;

/// <summary>
/// The reconciliation of every service, read directly and not through the services that wrote them: orders, money, stock, notifications, read
/// models. Each was kept by another process from other messages, so they agree only if nothing was lost and nothing doubled.
/// </summary>
internal sealed class StoreReconciliation : IAsyncDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    private readonly NpgsqlDataSource _orders, _inventory, _payments;
    private readonly DocumentReader _notifications, _reporting;

    private StoreReconciliation(NpgsqlDataSource orders, NpgsqlDataSource inventory, NpgsqlDataSource payments, DocumentReader notifications, DocumentReader reporting) =>
        (_orders, _inventory, _payments, _notifications, _reporting) = (orders, inventory, payments, notifications, reporting);

    /// <summary>Orders in a final state, as of the last look.</summary>
    public long Ended { get; private set; }

    public static async Task<StoreReconciliation> OpenAsync(IsolatedAppHost shop, CancellationToken cancellationToken)
    {
        return new(
            await Database("orders-db"), await Database("inventory-db"), await Database("payments-db"),
            new("notifications", await shop.ConnectionStringAsync("notifications-db", cancellationToken)),
            new("reporting", await shop.ConnectionStringAsync("reporting-db", cancellationToken)));

        async Task<NpgsqlDataSource> Database(string resource) => NpgsqlDataSource.Create(await shop.ConnectionStringAsync(resource, cancellationToken));
    }

    public async Task CountEndedAsync(CancellationToken cancellationToken) =>
        Ended = await Number(_orders, "select count(*) from orders where status in ('confirmed', 'cancelled')", cancellationToken);

    /// <summary>Waits until every order came to its end and the news of it reached every read model.</summary>
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
    /// Compares until everything agrees: what came last is told to services that look at nothing but their own part of it. A difference that
    /// stays after <paramref name="patience"/> is one.
    /// </summary>
    public async Task<IReadOnlyList<Finding>> CompareAsync(
        IReadOnlyList<AcceptedOrder> accepted, IReadOnlyDictionary<string, int> initialStock, TimeSpan patience, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var findings = await CompareAsync(accepted, initialStock, cancellationToken);
            if (findings.All(finding => finding.Agrees) || TimeProvider.System.GetElapsedTime(started) > patience)
                return findings;
            await Task.Delay(Poll, cancellationToken);
        }
    }

    private async Task<IReadOnlyList<Finding>> CompareAsync(IReadOnlyList<AcceptedOrder> accepted, IReadOnlyDictionary<string, int> initialStock, CancellationToken cancellationToken)
    {
        var orders = await OrdersAsync(cancellationToken);
        return
        [
            .. TheOrders(accepted, orders),
            .. await TheMoneyAsync(orders, cancellationToken),
            .. await TheStockAsync(initialStock, cancellationToken),
            .. await TheNotificationsAsync(orders, cancellationToken),
            .. await TheReadModelsAsync(orders, cancellationToken),
        ];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in (NpgsqlDataSource[])[_orders, _inventory, _payments])
            await database.DisposeAsync();
        _notifications.Dispose();
        _reporting.Dispose();
    }

    private sealed record BookedOrder(Guid Id, Guid UserId, string Status, decimal Total);

    private async Task<bool> IsSettledAsync(int orders, CancellationToken cancellationToken)
    {
        await CountEndedAsync(cancellationToken);
        if (Ended < orders)
            return false;
        foreach (var database in (NpgsqlDataSource[])[_orders, _inventory, _payments])
        {
            if (await Number(database, "select count(*) from outbox where status = 0", cancellationToken) > 0)
                return false;
        }

        // The last that happens is that Reporting hears of the last notification.
        var published = await Number(_orders, "select count(*) from outbox where topic = 'order.events'", cancellationToken);
        var recorded = (await _reporting.ReadAsync("events", cancellationToken)).ToList();
        return Count("orders.") == published && Count("notifications.notification-sent") == published;

        int Count(string type) => recorded.Count(@event => Text(@event, "type").StartsWith(type, StringComparison.Ordinal));
    }

    private static IEnumerable<Finding> TheOrders(IReadOnlyList<AcceptedOrder> accepted, List<BookedOrder> orders)
    {
        var known = orders.Select(order => order.Id).ToHashSet();
        yield return new("accepted orders that Orders has", accepted.Count, accepted.Count(order => known.Contains(order.Id.Value)));
        yield return new("orders in Orders, and no other ones", accepted.Count, orders.Count);
        yield return new("orders that came to their end", orders.Count, orders.Count(order => order.Status is "confirmed" or "cancelled"));
    }

    private async Task<IReadOnlyList<Finding>> TheMoneyAsync(List<BookedOrder> orders, CancellationToken cancellationToken)
    {
        var confirmed = orders.Where(order => order.Status == "confirmed").ToDictionary(order => order.Id, order => order.Total);
        var due = confirmed.Values.Sum();
        var charged = await ChargedAsync(cancellationToken);
        return
        [
            new("money of confirmed orders, as Payments has it", due, await Sum(_payments, "select sum(amount) from payments where status = 'charged'", cancellationToken)),
            new("money of confirmed orders, as the provider has it", due, await Sum(_payments, "select sum(amount) from simulated_provider.charges where state = 'captured'", cancellationToken)),
            new("confirmed orders with exactly their money taken", confirmed.Count, charged.Count(one => confirmed.TryGetValue(one.Key, out var total) && total == one.Value)),
            new("orders charged twice by the provider", 0, await Number(_payments, "select count(*) from simulated_provider.charges where captures > 1", cancellationToken)),
        ];
    }

    private async Task<IReadOnlyList<Finding>> TheStockAsync(IReadOnlyDictionary<string, int> initialStock, CancellationToken cancellationToken)
    {
        var findings = new List<Finding>
        {
            new("pieces still set aside", 0, await Number(_inventory, "select coalesce(sum(reserved), 0)::bigint from products", cancellationToken)),
            new("products with less than nothing", 0, await Number(_inventory, "select count(*) from products where on_hand < 0 or reserved < 0 or on_hand < reserved", cancellationToken)),
        };
        var (initial, accounted, exact) = (0L, 0L, 0);
        foreach (var (sku, pieces) in initialStock)
        {
            var found = await Number(_inventory, "select on_hand::bigint from products where sku = $1", cancellationToken, sku)
                + await Number(
                    _orders, "select coalesce(sum(l.quantity), 0)::bigint from order_lines l join orders o on o.id = l.order_id where o.status = 'confirmed' and l.sku = $1",
                    cancellationToken, sku);
            (initial, accounted, exact) = (initial + pieces, accounted + found, exact + (found == pieces ? 1 : 0));
        }

        findings.Add(new("products of which every piece is accounted for", initialStock.Count, exact));
        findings.Add(new("pieces at the start = on hand (Inventory) + in confirmed orders (Orders)", initial, accounted));
        return findings;
    }

    private async Task<IReadOnlyList<Finding>> TheNotificationsAsync(List<BookedOrder> orders, CancellationToken cancellationToken)
    {
        var told = (await _notifications.ReadAsync("notifications", cancellationToken))
            .Select(notification => (Order: Text(notification, "reference"), Kind: Text(notification, "kind"))).ToHashSet();
        var events = await Number(_orders, "select count(*) from outbox where topic = 'order.events'", cancellationToken);
        return
        [
            new("notifications, one for each event of an order", events, told.Count),
            new("orders whose end was told to their customer", orders.Count, orders.Count(order => told.Contains((order.Id.ToString(), "order-" + order.Status)))),
        ];
    }

    private async Task<IReadOnlyList<Finding>> TheReadModelsAsync(List<BookedOrder> orders, CancellationToken cancellationToken)
    {
        var reports = (await _reporting.ReadAsync("orders", cancellationToken)).ToDictionary(report => Guid.Parse(Text(report, "id")));
        var customers = (await _reporting.ReadAsync("customers", cancellationToken)).ToDictionary(customer => Guid.Parse(Text(customer, "id")));
        var byCustomer = orders.GroupBy(order => order.UserId).ToList();
        return
        [
            new("orders whose read model says the same", orders.Count, orders.Count(order => reports.TryGetValue(order.Id, out var report) && Text(report, "status") == order.Status)),
            new("customers whose read model counts the same orders", byCustomer.Count,
                byCustomer.Count(own => customers.TryGetValue(own.Key, out var customer) && customer["orderCount"]!.GetValue<int>() == own.Count())),
            new("money that the customers' read models have spent", orders.Where(order => order.Status == "confirmed").Sum(order => order.Total),
                customers.Values.SelectMany(customer => customer["spent"]!.AsArray()).Sum(spent => decimal.Parse(Text(spent!, "amount"), CultureInfo.InvariantCulture))),
        ];
    }

    private async Task<List<BookedOrder>> OrdersAsync(CancellationToken cancellationToken)
    {
        await using var command = _orders.CreateCommand("select id, user_id, status, total_amount from orders");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var orders = new List<BookedOrder>();
        while (await reader.ReadAsync(cancellationToken))
            orders.Add(new(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetDecimal(3)));
        return orders;
    }

    private async Task<Dictionary<Guid, decimal>> ChargedAsync(CancellationToken cancellationToken)
    {
        await using var command = _payments.CreateCommand("select order_id, sum(amount) from payments where status = 'charged' group by order_id");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var charged = new Dictionary<Guid, decimal>();
        while (await reader.ReadAsync(cancellationToken))
            charged[reader.GetGuid(0)] = reader.GetDecimal(1);
        return charged;
    }

    private static async Task<long> Number(NpgsqlDataSource database, string sql, CancellationToken cancellationToken, params string[] parameters) =>
        await Scalar(database, sql, parameters, cancellationToken) is long number ? number : throw new InvalidOperationException("No number: " + sql);

    private static async Task<decimal> Sum(NpgsqlDataSource database, string sql, CancellationToken cancellationToken) =>
        await Scalar(database, sql, [], cancellationToken) as decimal? ?? 0m;

    private static async Task<object?> Scalar(NpgsqlDataSource database, string sql, string[] parameters, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static string Text(JsonNode node, string name) => node[name]?.GetValue<string>() ?? "";
}

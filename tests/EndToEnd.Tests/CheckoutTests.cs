using System.Net;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>Checkouts through the whole shop, with and without killed services.</summary>
public sealed class CheckoutTests(ShopFixture fixture)
{
    private static readonly string[] Methods = ["sim-ok", "sim-declined", "sim-lost-answer", "sim-ok", "sim-slow"];

    private static readonly TimeSpan SettleTimeout = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Confirmed_order_is_cancelled_through_the_gateway()
    {
        var (user, shop) = await fixture.NewCustomer("checkout", Cancellation);
        var order = fixture.Ids.Order(user, "cart-1");
        await shop.PlaceOrder("cart-1", [new(Catalogue.Plenty, 1)], Cancellation);
        (await shop.Follow(order, Cancellation))[^1].ShouldBe("confirmed");

        (await shop.CancelOrderAsync(order, Cancellation)).Expect(HttpStatusCode.Accepted);

        (await shop.Follow(order, Cancellation)).ShouldBe(["pending", "reserved", "paid", "confirmed", "cancelling", "cancelled"]);
    }

    [Fact]
    public async Task Orders_end_with_exact_sums_when_services_are_killed()
    {
        var placed = await PlaceMany(45, async number =>
        {
            // Each of the three is killed while orders of every state are on their way.
            if (number is 10 or 22 or 34)
                await fixture.KillAndRestart(number switch { 10 => "payments", 22 => "inventory", _ => "orders" }, Cancellation);
        });

        await AllSettleExactly(placed, SettleTimeout);
    }

    /// <summary>Long tier: kills each service at moments in every step.</summary>
    [Fact(Explicit = true)]
    public async Task Checkout_ends_with_exact_sums_when_a_service_is_killed_at_any_moment()
    {
        foreach (var service in new[] { "orders", "inventory", "payments", "notifications", "reporting" })
        {
            for (var moment = 0; moment < 8; moment++)
            {
                var placed = await PlaceMany(10, _ => Task.CompletedTask);
                await Task.Delay(TimeSpan.FromMilliseconds(30 * moment), Cancellation); // The moment of the kill is the varied parameter.
                // Some orders are cancelled concurrently. Whether the cancellation is accepted depends on timing.
                var cancelling = placed.Orders.Take(4).Select(order => placed.Shop.CancelOrderAsync(order, Cancellation)).ToList();
                await fixture.KillAndRestart(service, Cancellation);
                await Task.WhenAll(cancelling);
                await AllSettleExactly(placed, SettleTimeout);
            }
        }
    }

    [Fact]
    public Task Burst_of_100_orders_ends_with_exact_sums() => Burst(100);

    [Fact(Explicit = true)]
    public Task Burst_of_2000_orders_ends_with_exact_sums() => Burst(2000);

    private async Task Burst(int count)
    {
        var placed = await PlaceMany(count, _ => Task.CompletedTask);
        await AllSettleExactly(placed, SettleTimeout + TimeSpan.FromSeconds(count / 5));
    }

    /// <summary>
    /// Orders of ten products with mixed payment methods, many at a time. What a service that is being restarted cannot answer is sent
    /// again, as any client would.
    /// </summary>
    private async Task<PlacedOrders> PlaceMany(int count, Func<int, Task> meanwhile)
    {
        var (user, shop) = await fixture.NewCustomer("many", Cancellation);
        // Each payment method is used with each product, and stock is insufficient for all.
        var stock = Math.Max(1, count * 7 / 100);
        var skus = (await Catalogue.Stock(fixture, stock, Cancellation)).Take(count / 2).ToList();
        await Parallel.ForEachAsync(Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancellation }, async (number, token) =>
        {
            await meanwhile(number);
            await Eventually.True(
                "the order is accepted",
                async once =>
                {
                    var method = Methods[(number + (number / skus.Count)) % Methods.Length];
                    var answer = await shop.PlaceOrderAsync($"order-{number}", [new(skus[number % skus.Count], 1)], method, once);
                    return answer.Status is HttpStatusCode.Accepted;
                },
                cancellationToken: token);
        });
        return new(shop, [.. Enumerable.Range(0, count).Select(number => fixture.Ids.Order(user, $"order-{number}"))], skus, stock);
    }

    private sealed record PlacedOrders(ShopClient Shop, IReadOnlyList<OrderId> Orders, IReadOnlyList<string> Skus, int StockOfEach);

    private async Task AllSettleExactly(PlacedOrders placed, TimeSpan timeout)
    {
        var ids = placed.Orders.Select(order => order.Value).ToArray();
        await using var orders = NpgsqlDataSource.Create(await fixture.Database("orders"));
        await Eventually.Get(
            "every order is in a final state",
            token => Scalar<long>(orders,
                "select count(*) from orders o join sagas s on s.order_id = o.id where o.id = any($1) and (o.status, s.step) in "
                + "(('confirmed', 'confirmed'), ('cancelled', 'cancelled'))", ids, token),
            settled => settled == ids.Length, timeout, Cancellation);

        await using var payments = NpgsqlDataSource.Create(await fixture.Database("payments"));
        var confirmed = await Scalar<decimal>(
            orders, "select coalesce(sum(total_amount), 0) from orders where id = any($1) and status = 'confirmed'", ids, Cancellation);
        var paymentIds = placed.Orders.Select(order => fixture.Ids.Payment(order, 1).Value).ToArray();
        (await Scalar<decimal>(payments,
            "select coalesce(sum(amount), 0) from simulated_provider.charges where payment_id = any($1) and state = 'captured'", paymentIds,
            Cancellation)).ShouldBe(confirmed);
        (await Scalar<bool>(payments,
            "select coalesce(bool_and(captures <= 1), true) from simulated_provider.charges where payment_id = any($1)", paymentIds,
            Cancellation)).ShouldBeTrue();

        // Reserved and sold stock equals the sum of the orders; no product has a reserved piece without an order.
        await using var inventory = NpgsqlDataSource.Create(await fixture.Database("inventory"));
        var sold = await Scalar<long>(orders,
            "select coalesce(sum(l.quantity), 0) from order_lines l join orders o on o.id = l.order_id where o.id = any($1) and o.status = "
            + "'confirmed'", ids, Cancellation);
        var reservationIds = placed.Orders.Select(order => fixture.Ids.Reservation(order).Value).ToArray();
        await Eventually.Get(
            "exactly what was confirmed is sold",
            token => Scalar<long>(inventory,
                "select coalesce(sum(l.quantity), 0) from reservation_lines l join reservations r on r.id = l.reservation_id where r.id = "
                + "any($1) and r.status = 'sold'", reservationIds, token),
            quantity => quantity == sold, cancellationToken: Cancellation);
        (await Scalar<bool>(inventory, """
            select coalesce(bool_and(p.reserved = (
                select coalesce(sum(l.quantity), 0) from reservation_lines l join reservations r on r.id = l.reservation_id
                where l.product_id = p.id and r.status = 'reserved')), true) from products p where cardinality($1) > 0
            """, reservationIds, Cancellation)).ShouldBeTrue();
        var products = placed.Skus.Select(sku => fixture.Ids.Product(sku).Value).ToArray();
        (await Scalar<long>(inventory, "select sum(on_hand)::bigint from products where id = any($1)", products, Cancellation))
            .ShouldBe((placed.StockOfEach * placed.Skus.Count) - sold);

        // Each step has one notification, and the read model has all events.
        foreach (var order in placed.Orders)
            await placed.Shop.SettledTimeline(order, Cancellation);
    }

    private static async Task<T> Scalar<T>(NpgsqlDataSource database, string sql, Guid[] ids, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(ids);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}

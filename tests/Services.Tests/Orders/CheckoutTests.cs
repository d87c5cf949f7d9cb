using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Every outcome of a checkout, through Orders, Inventory and Payments, on PostgreSQL and Kafka.</summary>
public sealed class CheckoutTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly UserId _user = servers.Ids.User($"checkout-{Guid.NewGuid():N}@example.com");
    private int _placed;

    private string Orders => servers.Orders.Database;

    private string Inventory => servers.Inventory.Database;

    private string Payments => servers.Payments.Database;

    private async Task<string> NewProduct(int stock = 10)
    {
        var sku = $"K-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Checked out", price = new { amount = "12.50", currency = "EUR" }, stock })).ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private async Task<OrderId> Place(string sku, string paymentMethod = "sim-ok", int quantity = 2)
    {
        var key = $"cart-{Interlocked.Increment(ref _placed)}";
        var body = new { items = new[] { new { sku, quantity } }, paymentMethod };
        var placed = await servers.Orders.As(_user)
            .Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", key));
        placed.ShouldBe(HttpStatusCode.Accepted);
        placed.Text("status").ShouldBe("pending");
        return servers.Ids.Order(_user, key);
    }

    private Task<Answer> Get(OrderId order) => servers.Orders.As(_user).Get($"/api/v1/orders/{order}");

    private Task<Answer> Cancel(OrderId order) => servers.Orders.As(_user).Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null);

    private Task<Answer> Becomes(OrderId order, string status) =>
        Eventually.Get(
            $"the order is {status}", _ => Get(order), answer => answer.Text("status") == status, cancellationToken: Cancellation);

    private Task Until(string what, string database, string sql, Guid id) =>
        Eventually.True(what, async _ => await database.Scalar<bool>(sql, id), cancellationToken: Cancellation);

    /// <summary>Expires the deadline of the order's checkout, which is half a minute otherwise.</summary>
    private Task<long> TimePasses(string database, OrderId order) =>
        database.Scalar<long>(
            "with due as (update sagas set due_at = now() where order_id = $1 and due_at is not null returning 1) select count(*) from due",
            order.Value);

    private Task<string> History(OrderId order) =>
        Orders.Scalar<string>("select string_agg(status, ', ' order by version) from order_history where order_id = $1", order.Value);

    private async Task<(int Available, int Reserved)> Stock(string sku)
    {
        var id = servers.Ids.Product(sku).Value;
        return (await Inventory.Scalar<int>("select on_hand - reserved from products where id = $1", id),
            await Inventory.Scalar<int>("select reserved from products where id = $1", id));
    }

    private Task StockBecomes(string sku, int available) =>
        Eventually.Get("the stock is settled", _ => Stock(sku), stock => stock == (available, 0), cancellationToken: Cancellation);

    /// <summary>Returns the state in the provider's ledger: captured, declined, refunded, voided, or null.</summary>
    private Task<string> Books(OrderId order) => Payments.Scalar<string>(
        "select coalesce(max(state || ' ' || captures || '×'), 'nothing') from simulated_provider.charges where payment_id = $1",
        servers.Ids.Payment(order, 1).Value);

    [Theory]
    [InlineData("sim-ok")]
    [InlineData("sim-lost-answer")]
    [InlineData("sim-slow")]
    public async Task Order_is_reserved_paid_once_and_confirmed(string paymentMethod)
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, paymentMethod);

        (await Becomes(order, "confirmed")).Body.TryGetProperty("reason", out _).ShouldBeFalse();

        (await History(order)).ShouldBe("pending, reserved, paid, confirmed");
        (await Books(order)).ShouldBe("captured 1×");
        await StockBecomes(sku, 8);
        (await Inventory.Scalar<string>("select status from reservations where id = $1", servers.Ids.Reservation(order).Value))
            .ShouldBe("sold");
        (await Orders.Scalar<Guid>(
            "select id from sagas where order_id = $1 and step = 'confirmed' and ended_at is not null and due_at is null", order.Value))
            .ShouldBe(servers.Ids.Saga(order).Value);
        (await Payments.Scalar<Guid>("select id from payments where order_id = $1", order.Value))
            .ShouldBe(servers.Ids.Payment(order, 1).Value);
    }

    [Fact]
    public async Task Order_without_stock_is_cancelled_and_not_charged()
    {
        var sku = await NewProduct(1);
        var order = await Place(sku);

        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("out-of-stock");

        (await History(order)).ShouldBe("pending, cancelling, cancelled");
        (await Books(order)).ShouldBe("nothing");
        (await Stock(sku)).ShouldBe((1, 0));
    }

    [Fact]
    public async Task Declined_payment_releases_the_stock()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, "sim-declined");

        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("payment-declined");

        (await History(order)).ShouldBe("pending, reserved, cancelling, cancelled");
        (await Books(order)).ShouldBe("declined 0×");
        (await Stock(sku)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Charge_without_an_answer_is_given_up_and_the_order_cancelled()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, "sim-timeout");
        await Until("the provider is being asked", Payments,
            "select exists (select from payments where order_id = $1 and claimed_until is not null)", order.Value);

        // As if it had been asked for a while already: what takes 20 s otherwise.
        await Payments.Scalar<long>(
            "with asked as (update payments set first_call_at = first_call_at - interval '20 seconds' where order_id = $1 returning 1) "
            + "select count(*) from asked", order.Value);

        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("timed-out");
        (await History(order)).ShouldBe("pending, reserved, cancelling, cancelled");
        (await Books(order)).ShouldBe("voided 0×");
        (await Stock(sku)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Payment_time_out_prevents_a_later_charge()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, "sim-timeout");
        await Until("the provider is being asked", Payments,
            "select exists (select from payments where order_id = $1 and claimed_until is not null)", order.Value);

        (await TimePasses(Orders, order)).ShouldBe(1);

        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("timed-out");
        (await History(order)).ShouldBe("pending, reserved, cancelling, cancelled");
        (await Books(order)).ShouldBe("voided 0×");
        (await Stock(sku)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Charge_that_succeeds_after_the_time_out_is_refunded()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, "sim-slow");
        await Until("the provider is being asked", Payments,
            "select exists (select from payments where order_id = $1 and claimed_until is not null)", order.Value);

        await TimePasses(Orders, order);

        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("timed-out");
        (await Books(order)).ShouldBe("refunded 1×");
        (await Stock(sku)).ShouldBe((10, 0));
        (await Payments.Scalar<string>("select string_agg(type, ', ' order by sequence) from outbox where subject = $1",
            servers.Ids.Payment(order, 1).Value)).ShouldBe("payments.payment-charged, payments.payment-refunded");
    }

    [Fact]
    public async Task Order_cancelled_right_after_placing_is_compensated()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku, "sim-slow");

        var answer = await Cancel(order);

        answer.ShouldBe(HttpStatusCode.Accepted);
        (answer.Text("status"), answer.Text("reason")).ShouldBe(("cancelling", "customer-request"));
        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("customer-request");
        (await Books(order)).ShouldBeOneOf("nothing", "voided 0×", "refunded 1×");
        (await Stock(sku)).ShouldBe((10, 0));
    }

    [Fact]
    public async Task Confirmed_order_is_cancelled_once()
    {
        var sku = await NewProduct(10);
        var order = await Place(sku);
        await Becomes(order, "confirmed");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Cancel(order)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted, "the caller cannot know which of the answers arrives");
        (await Becomes(order, "cancelled")).Text("reason").ShouldBe("customer-request");
        (await Cancel(order)).ShouldBe(HttpStatusCode.Accepted);
        (await History(order)).ShouldBe("pending, reserved, paid, confirmed, cancelling, cancelled");
        (await Books(order)).ShouldBe("refunded 1×");
        await StockBecomes(sku, 10);
        (await Orders.Scalar<string>("select string_agg(type || ' ' || sequence, ', ' order by sequence) from outbox where subject = $1",
            order.Value))
            .ShouldBe("orders.order-placed 1, orders.order-confirmed 2, orders.order-cancelled 3");
    }

    [Fact]
    public async Task Cancel_of_an_unknown_order_returns_404()
    {
        (await Cancel(servers.Ids.Order(servers.Ids.User("unknown@example.com"), "none")))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await servers.Orders.As(_user).Send(HttpMethod.Post, "/api/v1/orders/17/cancel", null))
            .ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public async Task Cancel_of_another_users_order_returns_404_also_for_an_administrator()
    {
        var order = await Place(await NewProduct(), "sim-slow");

        foreach (var http in new[] { servers.Orders.As(servers.Ids.User("mallory@example.com")), servers.Orders.Http })
            (await http.Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null))
                .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await servers.Orders.Anonymous.Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null))
            .ShouldBe(HttpStatusCode.Unauthorized);

        (await History(order)).ShouldNotContain("cancelling");
    }

    [Fact]
    public async Task Order_without_an_answer_of_Inventory_times_out_and_resends_the_release()
    {
        await using var alone = await servers.StartOrders(servers.Inventory.Address);
        var (order, sku) = (servers.Ids.Order(_user, "cart-1"), await NewProduct());
        var body = new { items = new[] { new { sku, quantity = 1 } } };
        (await alone.As(_user).Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1")))
            .ShouldBe(HttpStatusCode.Accepted);

        for (var round = 1; round <= 3; round++)
        {
            var commands = round + 1;
            (await TimePasses(alone.Database, order)).ShouldBe(1);
            await Until("the timer fired", alone.Database,
                $"select reservation_commands = {commands} and due_at > now() from sagas where order_id = $1", order.Value);
        }

        var shown = await alone.As(_user).Get($"/api/v1/orders/{order}");
        (shown.Text("status"), shown.Text("reason")).ShouldBe(("cancelling", "timed-out"));
        (await alone.Database.Scalar<string>("select string_agg(type || ' ' || sequence, ', ' order by seq) from outbox where subject = $1",
            servers.Ids.Reservation(order).Value))
            .ShouldBe("inventory.reserve-stock 1, inventory.release-stock 2, inventory.release-stock 3, inventory.release-stock 4");
        // Each pause is twice the one before, from half a minute.
        (await alone.Database.Scalar<bool>(
            "select due_at between now() + interval '100 seconds' and now() + interval '2 minutes' from sagas where order_id = $1",
            order.Value)).ShouldBeTrue();
    }

    [Fact]
    public async Task Concurrent_orders_for_little_stock_end_with_exact_sums()
    {
        var sku = await NewProduct(25);
        string[] methods = ["sim-ok", "sim-ok", "sim-declined", "sim-lost-answer"];
        var orders = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(number => Place(sku, methods[number % methods.Length], quantity: 1 + (number % 2))));

        foreach (var order in orders)
            await Eventually.Get("the order is settled", _ => Get(order), answer => answer.Text("status") is "confirmed" or "cancelled",
                cancellationToken: Cancellation);

        var ids = orders.Select(order => order.Value).ToArray();
        var confirmed = await Orders.Scalar<decimal>(
            "select coalesce(sum(total_amount), 0) from orders where id = any($1) and status = 'confirmed'", ids);
        var payments = orders.Select(order => servers.Ids.Payment(order, 1).Value).ToArray();
        (await Payments.Scalar<decimal>(
            "select coalesce(sum(amount), 0) from simulated_provider.charges where payment_id = any($1) and state = 'captured'", payments))
            .ShouldBe(confirmed);
        (await Payments.Scalar<int>("select max(captures) from simulated_provider.charges where payment_id = any($1)", payments))
            .ShouldBe(1);
        confirmed.ShouldBeGreaterThan(0);
        await StockBecomes(sku, 25 - (int)(confirmed / 12.50m));
    }
}

using System.Net;
using System.Text.Json;
using ForgeShop.Client;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.Journeys;

/// <summary>
/// What the shop promises wherever it runs: an order is confirmed or compensated, once, also after a kill. A subclass runs these tests on
/// the shop that its fixture starts.
/// </summary>
public abstract class ShopJourneys(IShopUnderTest shop)
{
    /// <summary>A product with 5,000 pieces in the first stock.</summary>
    private const string Product = "MUG-FORGE";

    private static readonly ForgeIds Ids = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_of_a_new_user_is_in_notifications_and_reports()
    {
        var email = $"journey-{Guid.NewGuid():N}@example.com";
        var user = Ids.User(email);
        (await shop.Register(email, "Ada Lovelace", Cancellation)).GetProperty("id").GetString().ShouldBe(user.ToString());
        var customer = await shop.LogIn(email, Cancellation);
        (await customer.GetAsync("/api/v1/users/me", Cancellation)).GetProperty("id").GetString().ShouldBe(user.ToString());

        var order = Ids.Order(user, "cart-1");
        var placed = await customer.PlaceOrder("cart-1", [new(Product, 2)], Cancellation);
        placed.GetProperty("id").GetString().ShouldBe(order.ToString());
        placed.GetProperty("status").GetString().ShouldBe("pending");
        (await customer.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("total").ToString()
            .ShouldBe(placed.GetProperty("total").ToString());

        await customer.SettledTimeline(order, Cancellation);
        (await customer.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("status").GetString().ShouldBe("confirmed");
        (await customer.Notifications(Cancellation)).Select(notification => notification.GetProperty("id").GetString()).ShouldBe(
            new[] { "order-placed", "order-confirmed" }.Select(notice => Ids.Notification(user, notice, order.Value).ToString()),
            ignoreOrder: true);

        var report = await Eventually.Get(
            "the customer's summary has the order",
            token => customer.GetAsync($"/api/v1/reports/customers?email={Uri.EscapeDataString(email.ToUpperInvariant())}", token),
            summary =>
                summary.GetProperty("totalSpent").GetProperty("amount").GetString() == placed.GetProperty("total").GetProperty("amount")
                .GetString(), cancellationToken: Cancellation);
        report.GetProperty("orderCount").GetInt32().ShouldBe(1);
        report.GetProperty("user").GetProperty("id").GetString().ShouldBe(user.ToString());
    }

    [Theory]
    [InlineData("sim-ok", 1, null, "pending, reserved, paid, confirmed",
        "orders.order-placed, inventory.stock-reserved, payments.payment-charged, orders.order-confirmed")]
    [InlineData("sim-declined", 1, "payment-declined", "pending, reserved, cancelling, cancelled",
        "orders.order-placed, inventory.stock-reserved, payments.payment-declined, inventory.stock-released, orders.order-cancelled")]
    [InlineData("sim-ok", 1000, "out-of-stock", "pending, cancelling, cancelled",
        "orders.order-placed, inventory.reservation-failed, orders.order-cancelled")]
    public async Task Order_stream_ends_with_its_final_state_and_the_timeline_has_every_step(
        string paymentMethod, int quantity, string? reason, string states, string events)
    {
        var (user, customer) = await shop.NewCustomer("checkout", Cancellation);
        var order = Ids.Order(user, "cart-1");
        await customer.PlaceOrder("cart-1", [new("MONITOR-27-4K", quantity)], Cancellation, paymentMethod);

        string.Join(", ", await customer.Follow(order, Cancellation)).ShouldBe(states);

        var shown = await customer.GetAsync($"/api/v1/orders/{order}", Cancellation);
        (shown.TryGetProperty("reason", out var why) ? why.GetString() : null).ShouldBe(reason);
        string.Join(", ", Types(await customer.SettledTimeline(order, Cancellation))).ShouldBe(events);
        (await Captures(order)).ShouldBe(reason is null ? 1 : 0);
    }

    [Fact]
    public async Task Two_hundred_identical_requests_are_one_order_with_one_notification_each()
    {
        var (user, customer) = await shop.NewCustomer("same", Cancellation);
        var order = Ids.Order(user, "cart-1");
        OrderedItem[] items = [new(Product, 1)];

        var answers = await Task.WhenAll(
            Enumerable.Range(0, 200).Select(_ => customer.PlaceOrderAsync("cart-1", items, "sim-ok", Cancellation)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted);
        await customer.SettledTimeline(order, Cancellation);
        (await customer.Notifications(Cancellation)).Count.ShouldBe(2);
        (await Captures(order)).ShouldBe(1);
        (await Count("orders", "orders where user_id = $1", user.Value)).ShouldBe(1);
        (await Count("orders", "outbox where subject = $1 and type = 'orders.order-placed'", order.Value)).ShouldBe(1);
        (await Count("orders", "outbox where subject = $1 and type = 'inventory.reserve-stock'", Ids.Reservation(order).Value))
            .ShouldBe(1);
    }

    [Fact]
    public async Task Checkout_continues_after_Orders_is_killed()
    {
        var (user, customer) = await shop.NewCustomer("killed", Cancellation);
        var order = Ids.Order(user, "cart-1");
        // The payment provider answers after seconds, so the kill usually falls into the checkout.
        await customer.PlaceOrder("cart-1", [new(Product, 1)], Cancellation, "sim-slow");
        await Eventually.Get(
            "the checkout has begun", token => customer.GetAsync($"/api/v1/orders/{order}", token),
            found => found.GetProperty("status").GetString() != "pending", cancellationToken: Cancellation);

        await shop.KillAndRestart("orders", Cancellation);

        (await customer.Follow(order, Cancellation)).ShouldBe(["pending", "reserved", "paid", "confirmed"]);
        (await Captures(order)).ShouldBe(1);
    }

    private static IEnumerable<string?> Types(IEnumerable<JsonElement> timeline) =>
        timeline.Select(@event => @event.GetProperty("type").GetString()).Where(type => type != "notifications.notification-sent");

    /// <summary>Returns how often the payment provider has taken the money of an order.</summary>
    private Task<long> Captures(OrderId order) =>
        Count("payments", "simulated_provider.charges where payment_id = $1 and captures > 0", Ids.Payment(order, 1).Value, "sum(captures)");

    private async Task<long> Count(string service, string rows, Guid id, string what = "count(*)")
    {
        await using var database = NpgsqlDataSource.Create(await shop.Database(service));
        await using var command = database.CreateCommand($"select coalesce({what}, 0)::bigint from {rows}");
        command.Parameters.AddWithValue(id);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}

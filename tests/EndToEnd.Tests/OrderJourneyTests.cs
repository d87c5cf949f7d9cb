using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

public sealed class OrderJourneyTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_registered_user_orders_and_finds_the_order_in_notifications_and_reports()
    {
        var email = $"journey-{Guid.NewGuid():N}@example.com";
        var user = fixture.Ids.User(email);
        (await fixture.Register(email, "Ada Lovelace", Cancellation)).GetProperty("id").GetString().ShouldBe(user.ToString());
        var shop = await fixture.LogIn(email, Cancellation);
        (await shop.GetAsync("/api/v1/users/me", Cancellation)).GetProperty("id").GetString().ShouldBe(user.ToString());

        var key = "cart-" + Guid.NewGuid();
        var order = fixture.Ids.Order(user, key);
        var placed = await shop.PlaceOrder(key, [new(Catalogue.Plenty, 2)], Cancellation);
        placed.GetProperty("id").GetString().ShouldBe(order.ToString());
        placed.GetProperty("status").GetString().ShouldBe("pending");
        (await shop.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("total").ToString().ShouldBe(placed.GetProperty("total").ToString());

        await shop.SettledTimeline(order, Cancellation);
        (await shop.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("status").GetString().ShouldBe("confirmed");
        (await shop.Notifications(Cancellation)).Select(notification => notification.GetProperty("id").GetString()).ShouldBe(
            new[] { "order-placed", "order-confirmed" }.Select(notice => fixture.Ids.Notification(user, notice, order.Value).ToString()), ignoreOrder: true);

        var report = await Eventually.Get(
            "the customer's summary has the order",
            token => shop.GetAsync($"/api/v1/reports/customers?email={Uri.EscapeDataString(email.ToUpperInvariant())}", token),
            summary => summary.GetProperty("totalSpent").GetProperty("amount").GetString() == placed.GetProperty("total").GetProperty("amount").GetString(), cancellationToken: Cancellation);
        report.GetProperty("orderCount").GetInt32().ShouldBe(1);
        report.GetProperty("user").GetProperty("id").GetString().ShouldBe(user.ToString());
    }

    [Fact]
    public async Task One_order_is_one_trace_across_gateway_orders_relay_kafka_and_consumers()
    {
        var (user, shop) = await fixture.NewCustomer("trace", Cancellation);
        var key = "cart-" + Guid.NewGuid();
        var answer = await shop.PlaceOrderAsync(key, [new(Catalogue.Plenty, 1)], "sim-ok", Cancellation);
        answer.Expect(HttpStatusCode.Accepted);

        var events = await shop.SettledTimeline(fixture.Ids.Order(user, key), Cancellation);

        events.Select(@event => @event.GetProperty("service").GetString()).Distinct().ShouldBe(["orders", "inventory", "payments", "notifications"], ignoreOrder: true);
        events.ShouldAllBe(@event => @event.GetProperty("traceId").GetString() == answer.TraceId);
    }

    [Fact]
    public async Task The_seeded_catalogue_is_sellable_as_soon_as_the_shop_is_healthy()
    {
        var products = (await fixture.Shop.GetAsync("/api/v1/products?limit=100", Cancellation)).GetProperty("items").EnumerateArray().ToList();

        products.Count.ShouldBeGreaterThanOrEqualTo(8);
        products.Count(product => product.GetProperty("stock").GetInt32() > 0).ShouldBeGreaterThanOrEqualTo(8);
        foreach (var product in products)
            product.GetProperty("id").GetString().ShouldBe(fixture.Ids.Product(product.GetProperty("sku").GetString()!).ToString());
    }

}

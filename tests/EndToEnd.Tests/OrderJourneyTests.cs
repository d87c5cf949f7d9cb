using System.Net;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

public sealed class OrderJourneyTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_of_a_new_user_is_in_notifications_and_reports()
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
        (await shop.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("total").ToString()
            .ShouldBe(placed.GetProperty("total").ToString());

        await shop.SettledTimeline(order, Cancellation);
        (await shop.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("status").GetString().ShouldBe("confirmed");
        (await shop.Notifications(Cancellation)).Select(notification => notification.GetProperty("id").GetString()).ShouldBe(
            new[] { "order-placed", "order-confirmed" }.Select(notice => fixture.Ids.Notification(user, notice, order.Value).ToString()),
            ignoreOrder: true);

        var report = await Eventually.Get(
            "the customer's summary has the order",
            token => shop.GetAsync($"/api/v1/reports/customers?email={Uri.EscapeDataString(email.ToUpperInvariant())}", token),
            summary =>
                summary.GetProperty("totalSpent").GetProperty("amount").GetString() == placed.GetProperty("total").GetProperty("amount")
                .GetString(), cancellationToken: Cancellation);
        report.GetProperty("orderCount").GetInt32().ShouldBe(1);
        report.GetProperty("user").GetProperty("id").GetString().ShouldBe(user.ToString());
    }

    [Fact]
    public async Task Order_is_one_trace_across_gateway_relay_and_consumers()
    {
        var (user, shop) = await fixture.NewCustomer("trace", Cancellation);
        var key = "cart-" + Guid.NewGuid();
        var answer = await shop.PlaceOrderAsync(key, [new(Catalogue.Plenty, 1)], "sim-ok", Cancellation);
        answer.Expect(HttpStatusCode.Accepted);

        var events = await shop.SettledTimeline(fixture.Ids.Order(user, key), Cancellation);

        events.Select(@event => @event.GetProperty("service").GetString()).Distinct()
            .ShouldBe(["orders", "inventory", "payments", "notifications"], ignoreOrder: true);
        events.ShouldAllBe(@event => @event.GetProperty("traceId").GetString() == answer.TraceId);
    }

    [Fact]
    public async Task One_order_is_one_trace_across_both_languages()
    {
        Assert.SkipUnless(ShopFixture.HasRecommendations, "Node.js and npm are not installed.");
        var (user, shop) = await fixture.NewCustomer("trace", Cancellation);
        var key = "cart-" + Guid.NewGuid();
        var answer = await shop.PlaceOrderAsync(key, [new(Catalogue.Plenty, 1)], "sim-ok", Cancellation);
        var trace = Convert.FromHexString(answer.TraceId!);
        var confirmed = fixture.Ids.Event(fixture.Ids.Order(user, key).Value, OrderConfirmed.Type, 2);

        // The span in which the service on Node.js handled the event: a message has the spans of one service.
        byte[][] span = [trace,
            .. new[] { "process order.events", "recommendations", confirmed.ToString() }.Select(System.Text.Encoding.UTF8.GetBytes)];
        await Eventually.True(
            "the trace has the span of the service on Node.js", _ => Task.FromResult(fixture.Telemetry.ContainsTogether("traces", span)),
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Seeded_products_can_be_ordered_when_the_shop_is_healthy()
    {
        var products = (await fixture.Shop.GetAsync("/api/v1/products?limit=100", Cancellation)).GetProperty("items").EnumerateArray()
            .ToList();

        products.Count.ShouldBeGreaterThanOrEqualTo(8);
        products.Count(product => product.GetProperty("stock").GetInt32() > 0).ShouldBeGreaterThanOrEqualTo(8);
        foreach (var product in products)
            product.GetProperty("id").GetString().ShouldBe(fixture.Ids.Product(product.GetProperty("sku").GetString()!).ToString());
    }
}

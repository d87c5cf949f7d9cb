using System.Net;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>The journeys on the shop that Aspire's test host starts, in containers where a container engine answers.</summary>
public sealed class TestHostJourneyTests(ShopFixture shop) : ShopJourneys(shop);

/// <summary>What one order leaves in traces, and what can be ordered at all.</summary>
public sealed class OrderJourneyTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

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

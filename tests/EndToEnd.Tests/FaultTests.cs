using System.Net;
using ForgeShop.Client;

namespace ForgeShop.EndToEnd.Tests;

/// <summary>Injected faults: no event is lost or has its effect twice.</summary>
public sealed class FaultTests(ShopFixture fixture)
{
    // The broker gets all earlier events first, so the duration depends on the tests before this one.
    private static readonly TimeSpan RefillTimeout = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Broker_outage_delays_events_and_loses_none()
    {
        var (user, shop) = await fixture.NewCustomer("broker", Cancellation);
        const string sku = Catalogue.Plenty;
        await shop.PlaceOrder("before", [new(sku, 1)], Cancellation);
        await shop.SettledTimeline(fixture.Ids.Order(user, "before"), Cancellation);

        await fixture.Stop("kafka", Cancellation);
        await shop.PlaceOrder("during", [new(sku, 1)], Cancellation);
        await fixture.Start("kafka", Cancellation);
        await shop.PlaceOrder("after", [new(sku, 1)], Cancellation);

        foreach (var key in new[] { "before", "during", "after" })
        {
            var events = await shop.SettledTimeline(fixture.Ids.Order(user, key), Cancellation, RefillTimeout);
            events.ConvertAll(@event => @event.GetProperty("type").GetString()).Where(type => type != "notifications.notification-sent")
                .ShouldBe(["orders.order-placed", "inventory.stock-reserved", "payments.payment-charged", "orders.order-confirmed"]);
        }

        (await shop.Notifications(Cancellation)).Count.ShouldBe(6);
    }

    [Fact]
    public async Task Service_killed_before_the_publish_publishes_after_its_restart()
    {
        var (user, shop) = await fixture.NewCustomer("kill", Cancellation);
        var order = fixture.Ids.Order(user, "cart-1");
        OrderedItem[] items = [new(Catalogue.Plenty, 1)];

        // Without a broker the event stays in the outbox, so the kill falls between write and publish.
        await fixture.Stop("kafka", Cancellation);
        await shop.PlaceOrder("cart-1", items, Cancellation);
        var killed = await fixture.Kill("orders", Cancellation);

        await fixture.Start("kafka", Cancellation);
        await fixture.EnsureRunning("orders", killed, Cancellation);

        await shop.SettledTimeline(order, Cancellation, RefillTimeout);
        (await shop.Notifications(Cancellation)).Count.ShouldBe(2);
        (await shop.PlaceOrder("cart-1", items, Cancellation)).GetProperty("id").GetString().ShouldBe(order.ToString());
    }

    [Fact(Explicit = true)] // The lease of the killed process has to end, after a minute and a half.
    public async Task Sweep_of_the_audit_in_a_killed_process_is_continued_by_the_next_one()
    {
        var administrator = await fixture.LogInAdministrator(Cancellation);
        var run = await administrator.SendAsync(HttpMethod.Post, "/api/v1/audit/run", Cancellation, new { repair = false });
        run.Expect(HttpStatusCode.Accepted);
        await fixture.EnsureRunning("reporting", await fixture.Kill("reporting", Cancellation), Cancellation);
        var killed = DateTimeOffset.UtcNow;

        var report = await TestSupport.Eventually.Get(
            "the sweep has ended", token => administrator.GetAsync("/api/v1/audit/last", token),
            report => report.GetProperty("state").GetString() != "running", RefillTimeout, Cancellation);

        report.GetProperty("state").GetString().ShouldBe("consistent", report.ToString());
        report.GetProperty("startedAt").GetString().ShouldBe(run.Json.GetProperty("startedAt").GetString());
        report.GetProperty("finishedAt").GetDateTimeOffset().ShouldBeGreaterThan(killed);
    }

    [Fact]
    public async Task Servers_that_restart_keep_their_data()
    {
        var email = $"restart-{Guid.NewGuid():N}@example.com";
        var user = fixture.Ids.User(email);
        await fixture.Register(email, "Grace Hopper", Cancellation);
        var shop = await fixture.LogIn(email, Cancellation);
        await shop.PlaceOrder("cart-1", [new(Catalogue.Plenty, 1)], Cancellation);
        var order = fixture.Ids.Order(user, "cart-1");
        await shop.SettledTimeline(order, Cancellation);

        foreach (var server in new[] { "postgres", "redis", "kafka" })
        {
            await fixture.Stop(server, Cancellation);
            await fixture.Start(server, Cancellation);
        }

        (await TestSupport.Eventually.Get(
            "the user is still there", token => shop.GetAsync($"/api/v1/users/{user}", token), _ => true, cancellationToken: Cancellation))
            .GetProperty("name").GetString().ShouldBe("Grace Hopper");
        (await shop.GetAsync($"/api/v1/orders/{order}", Cancellation)).GetProperty("id").GetString().ShouldBe(order.ToString());
        await shop.Timeline(order, ["orders.order-placed", "notifications.notification-sent"], Cancellation);
    }
}

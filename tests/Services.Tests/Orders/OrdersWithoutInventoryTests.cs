using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>Orders calls Inventory for unknown products only, with a short time-out.</summary>
public sealed class OrdersWithoutInventoryTests(ServersFixture servers)
{
    private UserId NewUser() => servers.Ids.User($"customer-{Guid.NewGuid():N}@example.com");

    private static async Task<string> NewProduct(HttpClient inventory)
    {
        var sku = $"I-{Guid.NewGuid():N}".ToUpperInvariant();
        (await inventory.Put($"/api/v1/products/{sku}", new { name = "Test product", price = new { amount = "3.00", currency = "EUR" }, stock = 5 }))
            .ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private static Task<Answer> Place(RunningService<OrdersDb> orders, UserId user, string key, params string[] skus) => orders.As(user).Send(
        HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = skus.Select(sku => new { sku, quantity = 1 }) }), ("Idempotency-Key", key));

    [Fact]
    public async Task What_Orders_knows_it_sells_without_Inventory_and_what_it_does_not_know_has_to_wait()
    {
        await using var link = UnreliableLink.To("127.0.0.1", servers.Inventory.Address.Port);
        await using var orders = await servers.StartOrders(new Uri($"http://127.0.0.1:{link.Port}"));
        var (user, known) = (NewUser(), await NewProduct(servers.Inventory.Http));
        var first = await Place(orders, user, "cart-1", known);
        first.ShouldBe(HttpStatusCode.Accepted);
        // Never published, so that Orders certainly has no copy of it.
        var unknown = $"U-{Guid.NewGuid():N}".ToUpperInvariant();

        link.Cut();
        (await Place(orders, user, "cart-2", known)).ShouldBe(HttpStatusCode.Accepted);
        (await Place(orders, user, "cart-1", known)).Body.ToString().ShouldBe(first.Body.ToString());
        var refused = await Place(orders, user, "cart-3", known, unknown);
        refused.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "inventory-unavailable");
        refused.Message.Headers.RetryAfter!.Delta.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);
        (await orders.Database.Scalar<long>("select count(*) from orders where id = $1", servers.Ids.Order(user, "cart-3").Value)).ShouldBe(0);

        link.Restore();
        // A request that was refused has not used up its key.
        (await Place(orders, user, "cart-3", known)).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task An_Inventory_that_hangs_costs_two_seconds()
    {
        await using var link = UnreliableLink.To("127.0.0.1", servers.Inventory.Address.Port);
        await using var orders = await servers.StartOrders(new Uri($"http://127.0.0.1:{link.Port}"));
        // Once with Inventory there: what a first request costs is not the question.
        (await Place(orders, NewUser(), "cart-1", await NewProduct(servers.Inventory.Http))).ShouldBe(HttpStatusCode.Accepted);
        link.Hang();

        var watch = Stopwatch.StartNew();
        var refused = await Place(orders, NewUser(), "cart-1", $"U-{Guid.NewGuid():N}");

        refused.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "inventory-unavailable");
        watch.Elapsed.ShouldBeInRange(TimeSpan.FromSeconds(1.9), TimeSpan.FromSeconds(8));
    }
}

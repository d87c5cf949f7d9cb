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
        (await inventory.Put($"/api/v1/products/{sku}",
            new { name = "Test product", price = new { amount = "3.00", currency = "EUR" }, stock = 5 }))
            .ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private static Task<Answer> Place(RunningService<OrdersDb> orders, UserId user, string key, params string[] skus) =>
        orders.As(user).Send(
        HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = skus.Select(sku => new { sku, quantity = 1 }) }),
        ("Idempotency-Key", key));

    [Fact]
    public async Task PlaceOrder_uses_the_cached_price_when_Inventory_is_down()
    {
        await using var link = UnreliableLink.To("127.0.0.1", servers.Inventory.Address.Port);
        await using var orders = await servers.StartOrders(new Uri($"http://127.0.0.1:{link.Port}"));
        var (user, known) = (NewUser(), await NewProduct(servers.Inventory.Http));
        var first = await Place(orders, user, "cart-1", known);
        first.ShouldBe(HttpStatusCode.Accepted);

        link.Cut();
        (await Place(orders, user, "cart-2", known)).ShouldBe(HttpStatusCode.Accepted);
        (await Place(orders, user, "cart-1", known)).Body.ToString().ShouldBe(first.Body.ToString());
    }

    [Fact]
    public async Task PlaceOrder_returns_503_for_an_unknown_sku_when_Inventory_is_down()
    {
        await using var link = UnreliableLink.To("127.0.0.1", servers.Inventory.Address.Port);
        await using var orders = await servers.StartOrders(new Uri($"http://127.0.0.1:{link.Port}"));
        var (user, known) = (NewUser(), await NewProduct(servers.Inventory.Http));
        (await Place(orders, user, "cart-1", known)).ShouldBe(HttpStatusCode.Accepted);
        // Never published, so Orders has no copy of it.
        var unknown = $"U-{Guid.NewGuid():N}".ToUpperInvariant();

        link.Cut();
        var refused = await Place(orders, user, "cart-3", known, unknown);
        refused.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "inventory-unavailable");
        refused.Message.Headers.RetryAfter!.Delta.ShouldNotBeNull().ShouldBeGreaterThan(TimeSpan.Zero);
        (await orders.Database.Scalar<long>("select count(*) from orders where id = $1", servers.Ids.Order(user, "cart-3").Value))
            .ShouldBe(0);

        link.Restore();
        // The key of the refused request is free.
        (await Place(orders, user, "cart-3", known)).ShouldBe(HttpStatusCode.Accepted);
    }

    [Fact]
    public async Task PlaceOrder_returns_503_within_its_budget_when_Inventory_hangs()
    {
        await using var link = UnreliableLink.To("127.0.0.1", servers.Inventory.Address.Port);
        await using var orders = await servers.StartOrders(new Uri($"http://127.0.0.1:{link.Port}"));
        (await Place(orders, NewUser(), "cart-1", await NewProduct(servers.Inventory.Http))).ShouldBe(HttpStatusCode.Accepted);
        link.Hang();

        var refused = await Place(orders, NewUser(), "cart-1", $"U-{Guid.NewGuid():N}");

        // The call's own time-out: after that of the whole request, the code would be service-unavailable.
        refused.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "inventory-unavailable");
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Users, products and orders for tests of <see cref="OrdersAlone"/>.</summary>
[Collection(nameof(OrdersAlone))]
public abstract class OrdersAloneSteps(ServersFixture servers, OrdersAlone alone)
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected ServersFixture Servers => servers;

    protected OrdersAlone Alone => alone;

    protected HttpClient Http => Alone.Orders.Http;

    protected UserId NewUser() => Servers.Ids.User($"customer-{Guid.NewGuid():N}@example.com");

    protected async Task<string> NewProduct(string amount = "12.50", string currency = "EUR")
    {
        var sku = $"O-{Guid.NewGuid():N}".ToUpperInvariant();
        (await Servers.Inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Test product", price = new { amount, currency }, stock = 1000 }))
            .ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    protected Task<Answer> Place(UserId user, string key, params (string Sku, int Quantity)[] items) =>
        PlaceAt(Alone.Orders.As(user), key, new { items = items.Select(item => new { sku = item.Sku, quantity = item.Quantity }) });

    protected static Task<Answer> PlaceAt(HttpClient http, string key, object body) =>
        http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", key));

    protected Task<long> Count(string sql, Guid id) => Alone.Orders.Database.Scalar<long>(sql, id);

    protected static string Fill(string body, UserId user, string sku) => body
        .Replace("\"USER\"", JsonSerializer.Serialize(user.ToString())).Replace("USER", user.ToString())
        .Replace("\"SKU\"", JsonSerializer.Serialize(sku)).Replace("\" SKU \"", JsonSerializer.Serialize($" {sku} "))
            .Replace("\"sku\":\"sku\"", $"\"sku\":\"{sku.ToLowerInvariant()}\"");
}

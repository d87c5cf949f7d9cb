using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.Services.Tests;

/// <summary>The expected total of an order is compared with its price; through the gateway.</summary>
public sealed class OrderPriceTests(ServersFixture servers)
{
    private readonly UserId _user = servers.Ids.User($"price-{Guid.NewGuid():N}@example.com");

    private async Task<string> NewProduct(string amount, string currency = "EUR")
    {
        var sku = $"X-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Gateway.Http.Put($"/api/v1/products/{sku}", new { name = "Priced", price = new { amount, currency }, stock = 100 }))
            .ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private Task<Answer> Place(string sku, string key, string? amount, string currency = "EUR") =>
        Place(servers.Gateway.As(_user), sku, key, amount, currency);

    private static Task<Answer> Place(HttpClient http, string sku, string key, string? amount, string currency = "EUR") => http.Send(
        HttpMethod.Post, "/api/v1/orders",
        JsonContent.Create(new { items = new[] { new { sku, quantity = 2 } },
            expectedTotal = amount is null ? null : new { amount, currency } }), ("Idempotency-Key", key));

    [Fact]
    public async Task Total_other_than_expected_returns_409_with_the_new_one_and_places_nothing()
    {
        var sku = await NewProduct("25.00");

        foreach (var (amount, currency) in new[] { ("20.00", "EUR"), ("50.01", "EUR"), ("50.00", "USD"), ("0", "EUR") })
        {
            var answer = await Place(sku, "cart-1", amount, currency);
            answer.ShouldBeProblem(HttpStatusCode.Conflict, "price-changed");
            answer.Body.GetProperty("total").ToString().ShouldBe("""{"amount":"50.00","currency":"EUR"}""");
        }

        (await servers.Orders.Database.Scalar<long>("select count(*) from orders where user_id = $1", _user.Value)).ShouldBe(0);
        // The key is still free, for the total in any spelling.
        var placed = await Place(sku, "cart-1", "50");
        placed.ShouldBe(HttpStatusCode.Accepted);
        placed.Text("id").ShouldBe(servers.Ids.Order(_user, "cart-1").ToString());
        (await Place(sku, "cart-1", "50.00")).ShouldBe(HttpStatusCode.Accepted);
        (await Place(sku, "cart-1", "49.00")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await Place(sku, "cart-1", null)).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
    }

    [Fact]
    public async Task Expected_total_is_compared_with_the_local_price_copy()
    {
        var sku = await NewProduct("25.00");
        (await Place(sku, "first", "50.00")).ShouldBe(HttpStatusCode.Accepted);
        // As if the event of the new price had not arrived yet.
        await servers.Orders.Database.Scalar<decimal>(
            "update products set price_amount = 10, sequence = 1000 where sku = $1 returning price_amount", sku);

        var answer = await Place(sku, "second", "50.00");

        answer.ShouldBeProblem(HttpStatusCode.Conflict, "price-changed");
        answer.Body.GetProperty("total").GetProperty("amount").GetString().ShouldBe("20.00");
    }

    [Theory]
    [InlineData("""{"items":[]}""")] // an unknown product
    // another price
    [InlineData("""{"items":[{"id":"ID","sku":"SKU","name":"Priced","price":{"amount":"9.00","currency":"EUR"},"sequence":2}]}""")]
    [InlineData("nonsense")] // no Inventory
    public async Task Refused_request_whose_duplicate_placed_the_order_returns_the_order(string found)
    {
        var sku = await NewProduct("25.00");
        await using var twins = await servers.StartOrders(servers.Inventory.Address);
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var inventory = builder.Build();
        Answer? twin = null;
        inventory.MapGet("/internal/products", async () =>
        {
            twin = await Place(twins.As(_user), sku, "cart-1", "50.00");
            return TypedResults.Text(found.Replace("ID", $"{servers.Ids.Product(sku)}").Replace("SKU", sku), "application/json");
        });
        await inventory.StartAsync(TestContext.Current.CancellationToken);
        await using var orders = await servers.StartOrdersOn(
            twins.Database, new Uri(inventory.Urls.Single()), settings: ("Inventory:Timeout", "00:00:20"));

        var answer = await Place(orders.As(_user), sku, "cart-1", "50.00");

        twin.ShouldNotBeNull().ShouldBe(HttpStatusCode.Accepted);
        answer.ShouldBe(HttpStatusCode.Accepted);
        answer.Body.ToString().ShouldBe(twin.Body.ToString());
    }

    [Fact]
    public async Task Order_without_an_expected_total_is_placed_at_the_current_price()
    {
        var answer = await Place(await NewProduct("3.50"), "cart-1", null);

        answer.ShouldBe(HttpStatusCode.Accepted);
        answer.Body.GetProperty("total").GetProperty("amount").GetString().ShouldBe("7.00");
    }

    [Theory]
    [InlineData("""{"items":[{"sku":"MUG-FORGE","quantity":1}],"price":"1.00"}""", "price")]
    [InlineData("""{"items":[{"sku":"MUG-FORGE","quantity":1,"unitPrice":"1.00"}]}""", "items[0].unitPrice")]
    [InlineData("""{"items":[{"sku":"MUG-FORGE","quantity":1}],"expectedTotal":{"amount":"1.00"}}""", "expectedTotal")]
    [InlineData("""{"items":[{"sku":"MUG-FORGE","quantity":1}],"expectedTotal":{"amount":"1.001","currency":"EUR"}}""", "expectedTotal")]
    [InlineData("""{"items":[{"sku":"MUG-FORGE","quantity":1}],"expectedTotal":"1.00"}""", "expectedTotal")]
    public async Task Malformed_price_returns_400_and_names_the_field(string body, string field)
    {
        var answer = await servers.Gateway.As(_user).SendJson(HttpMethod.Post, "/api/v1/orders", body, ("Idempotency-Key", "cart-1"));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
    }

    [Fact]
    public async Task Repeated_cancel_returns_the_first_answer()
    {
        var order = (await Place(await NewProduct("3.50"), "cart-1", null)).Location!;
        var http = servers.Gateway.As(_user);

        for (var repeat = 0; repeat < 3; repeat++)
            (await http.Send(HttpMethod.Post, order + "/cancel", null)).ShouldBe(HttpStatusCode.Accepted);
        var last = await TestSupport.Eventually.Get(
            "the order is cancelled", _ => http.Get(order), answer => answer.Text("status") == "cancelled",
            cancellationToken: TestContext.Current.CancellationToken);
        last.Text("reason").ShouldBe("customer-request");
        var repeated = await http.Send(HttpMethod.Post, order + "/cancel", null);
        repeated.ShouldBe(HttpStatusCode.Accepted);
        repeated.Text("status").ShouldBe("cancelled");
    }
}

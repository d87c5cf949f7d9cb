using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Money by ISO 4217 in requests, columns and answers alike; through the gateway.</summary>
public sealed class CurrencyTests(ServersFixture servers)
{
    private readonly UserId _user = servers.Ids.User($"currency-{Guid.NewGuid():N}@example.com");

    private static string NewPath() => $"/api/v1/products/C-{Guid.NewGuid().ToString("N").ToUpperInvariant()}";

    private Task<Answer> Make(string path, string amount, string currency) =>
        servers.Gateway.Http.Put(path, new { name = "Priced abroad", price = new { amount, currency }, stock = 100 });

    [Theory]
    [InlineData("JPY", "100", "100", "300")]
    [InlineData("JPY", "100.00", "100", "300")]
    [InlineData("KWD", "1.234", "1.234", "3.702")]
    [InlineData("KWD", "1.2", "1.200", "3.600")]
    [InlineData("CLF", "0.0001", "0.0001", "0.0003")]
    [InlineData("EUR", "12.5", "12.50", "37.50")]
    public async Task Price_is_stored_and_charged_to_the_last_decimal(string currency, string amount, string written, string total)
    {
        var path = NewPath();
        (await Make(path, amount, currency)).Body.GetProperty("price").ToString()
            .ShouldBe($$"""{"amount":"{{written}}","currency":"{{currency}}"}""");
        (await servers.Gateway.Anonymous.Get(path)).Body.GetProperty("price").ToString()
            .ShouldBe($$"""{"amount":"{{written}}","currency":"{{currency}}"}""");

        var items = new[] { new { sku = path.Split('/')[^1], quantity = 3 } };
        var http = servers.Gateway.As(_user);
        var order = await http.Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items, expectedTotal = new { amount = total, currency } }),
            ("Idempotency-Key", "cart-" + written + currency));
        order.ShouldBe(HttpStatusCode.Accepted);
        var confirmed = await TestSupport.Eventually.Get(
            "the order is confirmed", _ => http.Get(order.Location!), answer => answer.Text("status") == "confirmed",
            cancellationToken: TestContext.Current.CancellationToken);
        confirmed.Body.GetProperty("total").ToString().ShouldBe($$"""{"amount":"{{total}}","currency":"{{currency}}"}""");
        (await servers.Payments.Database.Scalar<decimal>("select amount from payments where order_id = $1",
            OrderId.Parse(order.Text("id")).Value))
            .ShouldBe(decimal.Parse(total, System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("JPY", "100.50")]
    [InlineData("KWD", "1.2345")]
    [InlineData("EUR", "1.001")]
    [InlineData("XYZ", "1.00")]
    [InlineData("XXX", "1.00")]
    [InlineData("XAU", "1.00")]
    [InlineData("XTS", "1.00")]
    [InlineData("eur", "1.00")]
    [InlineData("EURO", "1.00")]
    public async Task Price_that_its_currency_does_not_have_returns_400(string currency, string amount)
    {
        var path = NewPath();
        var answer = await Make(path, amount, currency);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(["price"]);
        (await servers.Gateway.Anonymous.Get(path)).ShouldBeProblem(HttpStatusCode.NotFound, "product-not-found");
    }
}

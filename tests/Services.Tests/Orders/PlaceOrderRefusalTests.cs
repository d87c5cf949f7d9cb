using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ForgeShop.Services.Tests;

/// <summary>Requests that place no order.</summary>
public sealed class PlaceOrderRefusalTests(ServersFixture servers, OrdersAlone alone) : OrdersAloneSteps(servers, alone)
{
    [Theory]
    [InlineData("""{}""", "items")]
    [InlineData("""{"items":[]}""", "items")]
    [InlineData("""{"items":[null]}""", "items[0].sku", "items[0].quantity")]
    [InlineData("""{"items":[{}]}""", "items[0].sku", "items[0].quantity")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":0}]}""", "items[0].quantity")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":-1}]}""", "items[0].quantity")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":1001}]}""", "items[0].quantity")]
    [InlineData("""{"items":[{"sku":"a b","quantity":1}]}""", "items[0].sku")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":1},{"sku":"sku","quantity":2}]}""", "items[1].sku")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":1}],"paymentMethod":"cash"}""", "paymentMethod")]
    public async Task PlaceOrder_invalid_request_names_each_field_and_stores_nothing(string body, params string[] fields)
    {
        var user = NewUser();

        var answer = await Alone.Orders.As(user)
            .SendJson(HttpMethod.Post, "/api/v1/orders", Fill(body, user, "SOME-SKU"), ("Idempotency-Key", "cart-1"));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields, ignoreOrder: true);
        (await Count("select count(*) from orders where user_id = $1", user.Value)).ShouldBe(0);
    }

    [Fact]
    public async Task PlaceOrder_with_101_items_returns_400()
    {
        var items = Enumerable.Range(0, 101).Select(number => ($"SKU-{number}", 1)).ToArray();

        var answer = await Place(NewUser(), "cart-1", items);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(["items"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Idempotency-Key:\r\n")]
    [InlineData("Idempotency-Key: cart\u00a0\r\n")]
    [InlineData("Idempotency-Key: cart\u200b1\r\n")]
    [InlineData("Idempotency-Key: one\r\nIdempotency-Key: two\r\n")]
    public async Task PlaceOrder_without_a_valid_key_returns_400(string header)
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var body = Fill("""{"items":[{"sku":"SKU","quantity":1}]}""", user, sku);

        // Byte for byte: HttpClient sends neither such headers nor one header twice.
        var token = await Servers.Orders.Tokens!.OfCustomer(user);
        using var connection = new TcpClient();
        await connection.ConnectAsync(Alone.Orders.Address.Host, Alone.Orders.Address.Port, Cancellation);
        await connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST /api/v1/orders HTTP/1.1\r\nHost: orders\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n{header}\r\n{body}"), Cancellation);
        var answer = await new StreamReader(connection.GetStream()).ReadToEndAsync(Cancellation);

        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain("\"code\":\"validation-failed\"");
        answer.ShouldContain("\"errors\":{\"Idempotency-Key\":[");
        (await Count("select count(*) from orders where user_id = $1", user.Value)).ShouldBe(0);
    }

    [Fact]
    public async Task PlaceOrder_unknown_product_is_named()
    {
        var (user, sku) = (NewUser(), await NewProduct());

        var answer = await Place(user, "cart-1", (sku, 1), ($"NONE-{Guid.NewGuid():N}", 1));

        answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "unknown-product");
        answer.Fields.ShouldBe(["items[1].sku"]);
        (await Count("select count(*) from orders where user_id = $1", user.Value)).ShouldBe(0);
    }

    [Fact]
    public async Task PlaceOrder_with_two_currencies_returns_422()
    {
        var answer = await Place(NewUser(), "cart-1", (await NewProduct(currency: "EUR"), 1), (await NewProduct(currency: "USD"), 1));

        answer.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "mixed-currencies");
    }
}

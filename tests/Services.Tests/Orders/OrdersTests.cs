using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Orders;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Placing, showing and listing orders. No service answers this instance, so orders stay pending; <see cref="CheckoutTests"/> test the
/// rest.
/// </summary>
public sealed class OrdersTests(ServersFixture servers, OrdersTests.Fixture alone) : IClassFixture<OrdersTests.Fixture>
{
    public sealed class Fixture(ServersFixture servers) : IAsyncLifetime
    {
        public RunningService<OrdersDb> Orders { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Orders = await servers.StartOrders(
                servers.Inventory.Address, settings: [("Cache:RedisTimeout", "00:00:20"), ("Inventory:Timeout", "00:00:20")]);

        public ValueTask DisposeAsync() => Orders.DisposeAsync();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Http => alone.Orders.Http;

    private UserId NewUser() => servers.Ids.User($"customer-{Guid.NewGuid():N}@example.com");

    private async Task<string> NewProduct(string amount = "12.50", string currency = "EUR")
    {
        var sku = $"O-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Test product", price = new { amount, currency }, stock = 1000 }))
            .ShouldBe(HttpStatusCode.Created);
        return sku;
    }

    private Task<Answer> Place(UserId user, string key, params (string Sku, int Quantity)[] items) =>
        PlaceAt(alone.Orders.As(user), key, new { items = items.Select(item => new { sku = item.Sku, quantity = item.Quantity }) });

    private static Task<Answer> PlaceAt(HttpClient http, string key, object body) =>
        http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", key));

    private Task<long> Count(string sql, Guid id) => alone.Orders.Database.Scalar<long>(sql, id);

    [Fact]
    public async Task PlaceOrder_returns_the_ID_that_the_client_derived()
    {
        var (user, sku) = (NewUser(), await NewProduct("19.99"));
        var id = servers.Ids.Order(user, "cart-1");

        var answer = await Place(user, "cart-1", (sku.ToLowerInvariant(), 3));

        answer.ShouldBe(HttpStatusCode.Accepted);
        answer.Location.ShouldBe($"/api/v1/orders/{id}");
        answer.Text("id").ShouldBe(id.ToString());
        answer.Text("userId").ShouldBe(user.ToString());
        answer.Text("status").ShouldBe("pending");
        answer.Body.GetProperty("total").ToString().ShouldBe("""{"amount":"59.97","currency":"EUR"}""");
        answer.Body.GetProperty("items").ToString().ShouldBe(
            $$$"""[{"productId":"{{{servers.Ids.Product(sku)}}}","sku":"{{{sku}}}","quantity":3,"unitPrice":{"amount":"19.99","currency":"EUR"}}]""");
        answer.Body.EnumerateObject().Select(member => member.Name).ShouldBe(["id", "userId", "status", "items", "total", "placedAt"]);
        (await Http.Get(answer.Location!)).Body.ToString().ShouldBe(answer.Body.ToString());
        (await Http.Get(answer.Location!)).Body.ToString().ShouldBe(answer.Body.ToString(), "and so it is from the cache");
    }

    [Fact]
    public async Task PlaceOrder_stores_order_saga_event_and_command_under_derived_IDs()
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var id = servers.Ids.Order(user, "cart-1");

        await Place(user, "cart-1", (sku, 2));

        (await Count("select count(*) from order_lines where order_id = $1", id.Value)).ShouldBe(1);
        (await alone.Orders.Database.Scalar<Guid>("select id from order_lines where order_id = $1", id.Value))
            .ShouldBe(servers.Ids.OrderLine(id, servers.Ids.Product(sku)).Value);
        (await Count("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(1);
        (await alone.Orders.Database.Scalar<Guid>("select event_id from outbox where subject = $1", id.Value))
            .ShouldBe(servers.Ids.Event(id.Value, "orders.order-placed", 1).Value);
        (await alone.Orders.Database.Scalar<Guid>("select id from sagas where order_id = $1 and step = 'reserving'", id.Value))
            .ShouldBe(servers.Ids.Saga(id).Value);
        var reservation = servers.Ids.Reservation(id);
        (await alone.Orders.Database.Scalar<Guid>("select event_id from outbox where subject = $1 and topic = 'inventory.commands'",
            reservation.Value))
            .ShouldBe(servers.Ids.Event(reservation.Value, "inventory.reserve-stock", 1).Value);
        (await Count("select count(*) from order_history where order_id = $1 and version = 1 and status = 'pending'", id.Value))
            .ShouldBe(1);
    }

    [Fact]
    public async Task PlaceOrder_200_identical_requests_at_once_are_one_order_and_event()
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var id = servers.Ids.Order(user, "cart-1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Place(user, "cart-1", (sku, 1))));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.Accepted);
        answers.Select(answer => answer.Body.ToString()).Distinct().ShouldHaveSingleItem();
        (await Count("select count(*) from orders where user_id = $1", user.Value)).ShouldBe(1);
        (await Count("select count(*) from order_lines where order_id = $1", id.Value)).ShouldBe(1);
        (await Count("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task PlaceOrder_different_requests_at_once_under_one_key_place_one_order()
    {
        var (user, sku) = (NewUser(), await NewProduct());

        var answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(number => Place(user, "cart-1", (sku, 1 + (number % 2)))));

        var order = await Http.Get($"/api/v1/orders/{servers.Ids.Order(user, "cart-1")}");
        var accepted = answers.Where(answer => answer.Status == HttpStatusCode.Accepted).ToList();
        accepted.Count.ShouldBe(20);
        accepted.ShouldAllBe(answer => answer.Body.ToString() == order.Body.ToString());
        answers.Where(answer => answer.Status != HttpStatusCode.Accepted).ShouldAllBe(answer => answer.Code == "idempotency-key-reused");
    }

    [Theory]
    [InlineData("""{ "items" : [ {"quantity":2, "sku":"SKU"} ] }""")]
    [InlineData("""{"items":[{"sku":"sku","quantity":2}],"paymentMethod":"sim-ok"}""")]
    [InlineData("""{"items":[{"sku":" SKU ","quantity":2}],"paymentMethod":null,"expectedTotal":null}""")]
    [InlineData("""{"items":[{"\u0073ku":"SKU","quantity":2}],"paymentMethod":null}""")]
    public async Task PlaceOrder_same_request_in_another_spelling_is_the_same_order(string again)
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var first = await Place(user, "cart-1", (sku, 2));

        var second = await alone.Orders.As(user)
            .SendJson(HttpMethod.Post, "/api/v1/orders", Fill(again, user, sku), ("Idempotency-Key", "cart-1"));

        second.ShouldBe(HttpStatusCode.Accepted);
        second.Body.ToString().ShouldBe(first.Body.ToString());
    }

    [Theory]
    [InlineData("""{"items":[{"sku":"SKU","quantity":3}]}""")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":2}],"paymentMethod":"sim-slow"}""")]
    [InlineData("""{"items":[{"sku":"SKU","quantity":2},{"sku":"ANOTHER","quantity":1}]}""")]
    [InlineData("""{"items":[{"sku":"ANOTHER","quantity":2}]}""")]
    public async Task PlaceOrder_other_request_under_the_same_key_returns_422(string other)
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var first = await Place(user, "cart-1", (sku, 2));

        var second = await alone.Orders.As(user)
            .SendJson(HttpMethod.Post, "/api/v1/orders", Fill(other, user, sku), ("Idempotency-Key", "cart-1"));

        second.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await Http.Get(first.Location!)).Body.ToString().ShouldBe(first.Body.ToString());
        (await Count("select count(*) from outbox where subject = $1", servers.Ids.Order(user, "cart-1").Value)).ShouldBe(1);
    }

    [Fact]
    public async Task PlaceOrder_same_key_of_another_user_is_another_order()
    {
        var sku = await NewProduct();

        var first = await Place(NewUser(), "cart-1", (sku, 1));
        var second = await Place(NewUser(), "cart-1", (sku, 2));

        second.ShouldBe(HttpStatusCode.Accepted);
        second.Text("id").ShouldNotBe(first.Text("id"));
    }

    [Fact]
    public async Task Order_keeps_the_price_at_which_it_was_placed()
    {
        // On the instance that consumes product events.
        var (user, sku) = (NewUser(), await NewProduct("10.00"));
        object Body(int quantity) => new { items = new[] { new { sku, quantity } } };
        var first = await PlaceAt(servers.Orders.As(user), "cart-1", Body(1));
        await servers.Inventory.Http.PutOver(
            $"/api/v1/products/{sku}", new { name = "Dearer", price = new { amount = "11.00", currency = "EUR" }, stock = 1 });

        await Eventually.Get(
            "Orders received the new price",
            async _ =>
                (await PlaceAt(servers.Orders.As(user), "cart-" + Guid.NewGuid(), Body(1))).Body.GetProperty("total").GetProperty("amount")
                .GetString(),
            amount => amount == "11.00", cancellationToken: Cancellation);

        (await PlaceAt(servers.Orders.As(user), "cart-1", Body(1))).Body.GetProperty("total").ToString()
            .ShouldBe(first.Body.GetProperty("total").ToString());
    }

    [Fact]
    public async Task Order_total_is_exact_to_the_cent()
    {
        var user = NewUser();
        string[] prices = ["0.10", "0.20", "0.70", "999999.99", "1000000000.00", "0.01"];
        int[] quantities = [3, 7, 1, 1000, 1000, 999];
        var items = new List<(string, int)>();
        for (var i = 0; i < prices.Length; i++)
            items.Add((await NewProduct(prices[i]), quantities[i]));

        var answer = await Place(user, "cart-1", [.. items]);

        answer.ShouldBe(HttpStatusCode.Accepted);
        answer.Body.GetProperty("total").GetProperty("amount").GetString().ShouldBe("1001000000002.39");
        (await Http.Get(answer.Location!)).Body.GetProperty("total").GetProperty("amount").GetString().ShouldBe("1001000000002.39");
        (await alone.Orders.Database.Scalar<decimal>("select total_amount from orders where user_id = $1", user.Value))
            .ShouldBe(1001000000002.39m);
    }

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

        var answer = await alone.Orders.As(user)
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
        using var connection = new TcpClient();
        await connection.ConnectAsync(alone.Orders.Address.Host, alone.Orders.Address.Port, Cancellation);
        await connection.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST /api/v1/orders HTTP/1.1\r\nHost: orders\r\nConnection: close\r\nAuthorization: Bearer {await servers.Orders.Tokens!.OfCustomer(user)}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{header}\r\n{body}"), Cancellation);
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

    [Fact]
    public async Task GetOrder_unknown_order_returns_404_and_malformed_ID_400()
    {
        (await Http.Get($"/api/v1/orders/{servers.Ids.Order(NewUser(), "none")}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await Http.Get("/api/v1/orders/17")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public async Task ListOrders_pages_have_each_order_once_latest_first()
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var placed = new List<string>();
        for (var number = 0; number < 7; number++)
            placed.Add((await Place(user, $"cart-{number}", (sku, 1))).Text("id"));

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await alone.Orders.As(user)
                .Get($"/api/v1/orders?userId={user}&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            page.ShouldBe(HttpStatusCode.OK);
            seen.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.Body.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);

        placed.Reverse();
        seen.ShouldBe(placed);
    }

    [Theory]
    [InlineData("?userId=USER&limit=0", "limit")]
    [InlineData("?userId=USER&cursor=nonsense", "cursor")]
    [InlineData("?userId=USER&cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "cursor")]
    public async Task ListOrders_invalid_query_names_the_parameter(string query, string field)
    {
        var answer = await Http.Get("/api/v1/orders" + query.Replace("USER", NewUser().ToString()));

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
    }

    private static string Fill(string body, UserId user, string sku) => body
        .Replace("\"USER\"", JsonSerializer.Serialize(user.ToString())).Replace("USER", user.ToString())
        .Replace("\"SKU\"", JsonSerializer.Serialize(sku)).Replace("\" SKU \"", JsonSerializer.Serialize($" {sku} "))
            .Replace("\"sku\":\"sku\"", $"\"sku\":\"{sku.ToLowerInvariant()}\"");
}

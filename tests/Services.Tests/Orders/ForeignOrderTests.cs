using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>Another user's order: a caller can neither change it nor detect it, not even by the time of an answer.</summary>
[Collection(nameof(OrdersAlone))]
public sealed class ForeignOrderTests(ServersFixture servers, OrdersAlone alone)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly UserId _victim = servers.Ids.User($"victim-{Guid.NewGuid():N}@example.com");

    private HttpClient Stranger => alone.Orders.As(servers.Ids.User("mallory@example.com"));

    private async Task<OrderId> Place()
    {
        var sku = $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        await servers.Inventory.Http.Put(
            $"/api/v1/products/{sku}", new { name = "Theirs", price = new { amount = "1.00", currency = "EUR" }, stock = 10 });
        var body = new { items = new[] { new { sku, quantity = 1 } } };
        (await alone.Orders.As(_victim).Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1")))
            .ShouldBe(HttpStatusCode.Accepted);
        return servers.Ids.Order(_victim, "cart-1");
    }

    private static Task<Answer> Ask(HttpClient http, string call, OrderId order) =>
        http.Send(HttpMethod.Parse(call.Split(' ')[0]), string.Format(call.Split(' ')[1], order), null);

    private async Task<bool> IsInRedis(OrderId order) => await servers.Cache.KeyExistsAsync($"order:{order}");

    [Theory]
    [InlineData("GET /api/v1/orders/{0}")]
    [InlineData("GET /api/v1/orders/{0}/events")]
    [InlineData("POST /api/v1/orders/{0}/cancel")]
    public async Task Order_of_another_user_takes_the_same_queries_as_an_unknown_one(string call)
    {
        using var spans = new Spans("Npgsql");
        var order = await Place();

        var none = await Queries(servers.Ids.Order(servers.Ids.User("unknown@example.com"), "none"));
        var theirs = await Queries(order);
        (await IsInRedis(order)).ShouldBeFalse("a stranger fills no cache");
        (await alone.Orders.As(_victim).Get($"/api/v1/orders/{order}")).ShouldBe(HttpStatusCode.OK);
        (await IsInRedis(order)).ShouldBeTrue();
        var cached = await Queries(order);

        none.ShouldHaveSingleItem();
        theirs.ShouldBe(none);
        cached.ShouldBe(none);

        async Task<List<string>> Queries(OrderId id)
        {
            var answer = await Ask(Stranger, call, id);
            answer.ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
            return [.. spans.Of(answer.Text("traceId")).Select(span => span.GetTagItem("db.query.text")).OfType<string>()];
        }
    }

    [Fact]
    public async Task Caller_with_orders_read_gets_an_order_from_database_and_cache()
    {
        var order = await Place();
        for (var round = 0; round < 2; round++)
        {
            (await Ask(alone.Orders.Http, "GET /api/v1/orders/{0}", order)).Text("id").ShouldBe(order.ToString());
            (await IsInRedis(order)).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Cancel_of_another_users_order_does_not_wait_for_the_checkouts_lock()
    {
        var order = await Place();
        await using var connection = new NpgsqlConnection(alone.Orders.Database);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (
            var command = new NpgsqlCommand("select 1 from sagas where order_id = $1 for update", connection,
            transaction) { Parameters = { new() { Value = order.Value } } })
            (await command.ExecuteScalarAsync(Cancellation)).ShouldBe(1);

        // The checkout is locked until the test ends: a request that waits for it returns 503.
        var answer = await Ask(Stranger, "POST /api/v1/orders/{0}/cancel", order);

        answer.ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
    }
}

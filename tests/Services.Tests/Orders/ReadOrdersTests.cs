using System.Net;

namespace ForgeShop.Services.Tests;

/// <summary>GET of one order and of the list.</summary>
public sealed class ReadOrdersTests(ServersFixture servers, OrdersAlone alone) : OrdersAloneSteps(servers, alone)
{
    [Fact]
    public async Task GetOrder_unknown_order_returns_404_and_malformed_ID_400()
    {
        (await Http.Get($"/api/v1/orders/{Servers.Ids.Order(NewUser(), "none")}"))
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
            var page = await Alone.Orders.As(user)
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
}

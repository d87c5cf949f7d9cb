using System.Net;

namespace ForgeShop.Services.Tests;

/// <summary>The same request sent again or at the same time, and another request under its key.</summary>
public sealed class PlaceOrderDuplicateTests(ServersFixture servers, OrdersAlone alone) : OrdersAloneSteps(servers, alone)
{
    [Fact]
    public async Task PlaceOrder_200_identical_requests_at_once_are_one_order_and_event()
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var id = Servers.Ids.Order(user, "cart-1");

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

        var order = await Http.Get($"/api/v1/orders/{Servers.Ids.Order(user, "cart-1")}");
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

        var second = await Alone.Orders.As(user)
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

        var second = await Alone.Orders.As(user)
            .SendJson(HttpMethod.Post, "/api/v1/orders", Fill(other, user, sku), ("Idempotency-Key", "cart-1"));

        second.ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await Http.Get(first.Location!)).Body.ToString().ShouldBe(first.Body.ToString());
        (await Count("select count(*) from outbox where subject = $1", Servers.Ids.Order(user, "cart-1").Value)).ShouldBe(1);
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
}

using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>An accepted order: its answer, its rows, its price. <see cref="CheckoutTests"/> has the checkout.</summary>
public sealed class PlaceOrderTests(ServersFixture servers, OrdersAlone alone) : OrdersAloneSteps(servers, alone)
{
    [Fact]
    public async Task PlaceOrder_returns_the_ID_that_the_client_derived()
    {
        var (user, sku) = (NewUser(), await NewProduct("19.99"));
        var id = Servers.Ids.Order(user, "cart-1");

        var answer = await Place(user, "cart-1", (sku.ToLowerInvariant(), 3));

        answer.ShouldBe(HttpStatusCode.Accepted);
        answer.Location.ShouldBe($"/api/v1/orders/{id}");
        answer.Text("id").ShouldBe(id.ToString());
        answer.Text("userId").ShouldBe(user.ToString());
        answer.Text("status").ShouldBe("pending");
        answer.Body.GetProperty("total").ToString().ShouldBe("""{"amount":"59.97","currency":"EUR"}""");
        answer.Body.GetProperty("items").ToString().ShouldBe(
            $$$"""
            [{"productId":"{{{Servers.Ids.Product(sku)}}}","sku":"{{{sku}}}","quantity":3,
            "unitPrice":{"amount":"19.99","currency":"EUR"}}]
            """.ReplaceLineEndings(""));
        answer.Body.EnumerateObject().Select(member => member.Name).ShouldBe(["id", "userId", "status", "items", "total", "placedAt"]);
        (await Http.Get(answer.Location!)).Body.ToString().ShouldBe(answer.Body.ToString());
        (await Http.Get(answer.Location!)).Body.ToString().ShouldBe(answer.Body.ToString(), "and so it is from the cache");
    }

    [Fact]
    public async Task PlaceOrder_stores_order_saga_event_and_command_under_derived_IDs()
    {
        var (user, sku) = (NewUser(), await NewProduct());
        var id = Servers.Ids.Order(user, "cart-1");

        await Place(user, "cart-1", (sku, 2));

        (await Count("select count(*) from order_lines where order_id = $1", id.Value)).ShouldBe(1);
        (await Alone.Orders.Database.Scalar<Guid>("select id from order_lines where order_id = $1", id.Value))
            .ShouldBe(Servers.Ids.OrderLine(id, Servers.Ids.Product(sku)).Value);
        (await Count("select count(*) from outbox where subject = $1", id.Value)).ShouldBe(1);
        (await Alone.Orders.Database.Scalar<Guid>("select event_id from outbox where subject = $1", id.Value))
            .ShouldBe(Servers.Ids.Event(id.Value, "orders.order-placed", 1).Value);
        (await Alone.Orders.Database.Scalar<Guid>("select id from sagas where order_id = $1 and step = 'reserving'", id.Value))
            .ShouldBe(Servers.Ids.Saga(id).Value);
        var reservation = Servers.Ids.Reservation(id);
        (await Alone.Orders.Database.Scalar<Guid>("select event_id from outbox where subject = $1 and topic = 'inventory.commands'",
            reservation.Value))
            .ShouldBe(Servers.Ids.Event(reservation.Value, "inventory.reserve-stock", 1).Value);
        (await Count("select count(*) from order_history where order_id = $1 and version = 1 and status = 'pending'", id.Value))
            .ShouldBe(1);
    }

    [Fact]
    public async Task Order_keeps_the_price_at_which_it_was_placed()
    {
        // On the instance that consumes product events.
        var (user, sku) = (NewUser(), await NewProduct("10.00"));
        object Body(int quantity) => new { items = new[] { new { sku, quantity } } };
        var first = await PlaceAt(Servers.Orders.As(user), "cart-1", Body(1));
        await Servers.Inventory.Http.PutOver(
            $"/api/v1/products/{sku}", new { name = "Dearer", price = new { amount = "11.00", currency = "EUR" }, stock = 1 });

        await Eventually.Get(
            "Orders received the new price",
            async _ =>
                (await PlaceAt(Servers.Orders.As(user), "cart-" + Guid.NewGuid(), Body(1))).Body.GetProperty("total").GetProperty("amount")
                .GetString(),
            amount => amount == "11.00", cancellationToken: Cancellation);

        (await PlaceAt(Servers.Orders.As(user), "cart-1", Body(1))).Body.GetProperty("total").ToString()
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
        (await Alone.Orders.Database.Scalar<decimal>("select total_amount from orders where user_id = $1", user.Value))
            .ShouldBe(1001000000002.39m);
    }
}

using System.Net;
using System.Net.Http.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Changes of a product while it sells, through the gateway: no change overwrites another one.</summary>
public sealed class ProductChangeTests(ServersFixture servers)
{
    private readonly StockScenario _stock = new(servers);
    private readonly string _path = $"/api/v1/products/P-{Guid.NewGuid().ToString("N").ToUpperInvariant()}";

    private HttpClient Http => servers.Gateway.Http;

    private ProductId Product => servers.Ids.Product(_path.Split('/')[^1]);

    private async Task Make(int stock = 10, string amount = "2.00", string currency = "EUR") =>
        (await Http.Put(_path, new { name = "Changing", price = new { amount, currency }, stock })).ShouldBe(HttpStatusCode.Created);

    private Task<Answer> Patch(string json, string type = "application/merge-patch+json") =>
        Http.Send(HttpMethod.Patch, _path, new StringContent(json, new System.Net.Http.Headers.MediaTypeHeaderValue(type)));

    private Task<Answer> Move(int change, string key, string reason = "delivery") =>
        Http.Send(HttpMethod.Post, _path + "/stock", JsonContent.Create(new { change, reason }), ("Idempotency-Key", key));

    private async Task<int> Stock() => (await Http.Get(_path)).Body.GetProperty("stock").GetInt32();

    [Fact]
    public async Task Patch_of_the_name_does_not_restore_sold_stock()
    {
        await Make(stock: 10);
        var order = _stock.NewOrder();
        await _stock.Handle(_stock.Reserve(order, (Product, 8)));

        var answer = await Patch("""{"name":"New name"}""");

        answer.ShouldBe(HttpStatusCode.OK);
        answer.Text("name").ShouldBe("New name");
        answer.Body.GetProperty("stock").GetInt32().ShouldBe(2);
        (await Stock()).ShouldBe(2);
    }

    [Theory]
    [InlineData("""{}""", "Changing", "2.00 EUR")]
    [InlineData("""{"name":"Other"}""", "Other", "2.00 EUR")]
    [InlineData("""{"price":{"amount":"3.5","currency":"EUR"}}""", "Changing", "3.50 EUR")]
    [InlineData("""{"price":{"amount":"3"}}""", "Changing", "3.00 EUR")]
    [InlineData("""{"price":{"currency":"USD"}}""", "Changing", "2.00 USD")]
    public async Task Patch_keeps_members_that_are_absent(string patch, string name, string price)
    {
        foreach (var type in new[] { "application/merge-patch+json", "application/json" })
        {
            if (type == "application/merge-patch+json")
                await Make();
            var answer = await Patch(patch, type);
            answer.ShouldBe(HttpStatusCode.OK);
            answer.Text("name").ShouldBe(name);
            var money = answer.Body.GetProperty("price");
            $"{money.GetProperty("amount")} {money.GetProperty("currency")}".ShouldBe(price);
        }
    }

    [Theory]
    [InlineData("""{"stock":99}""", "stock")]
    [InlineData("""{"stock":null}""", "stock")]
    [InlineData("""{"name":"A","sku":"B"}""", "sku")]
    [InlineData("""{"name":"A","sku":null}""", "sku")]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"price":null}""", "price")]
    [InlineData("""{"price":{"amount":null}}""", "price")]
    [InlineData("""{"price":{"amount":"1.001"}}""", "price")]
    [InlineData("""{"price":{"amount":"1","currency":"EUR","vat":"19"}}""", "price")]
    [InlineData("""{"price":{"vat":null}}""", "price")]
    [InlineData("""{"price":"1"}""", "price")]
    [InlineData("""{"price":{"amount":"1","Amount":"2"}}""", "body")]
    [InlineData("""{"name":["A"]}""", "name")]
    [InlineData("""[]""", "body")]
    [InlineData("""{"name":"A","name":"B"}""", "body")]
    [InlineData("""{"name":"A","Name":"B"}""", "body")]
    [InlineData("""{"name":"A","Name":null}""", "body")]
    public async Task Patch_of_what_cannot_be_set_returns_400_and_changes_nothing(string patch, string field)
    {
        await Make();
        var answer = await Patch(patch);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
        (await Http.Get(_path)).Text("name").ShouldBe("Changing");
    }

    [Fact]
    public async Task Repeated_movement_counts_once()
    {
        await Make(stock: 10);
        var moves = Enumerable.Range(0, 10).Select(number => (Change: number % 2 == 0 ? 5 : -3, Key: $"move-{number}")).ToList();

        var answers = await Task.WhenAll(moves.Concat(moves).Select(move => Move(move.Change, move.Key)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await Stock()).ShouldBe(20);
        (await Move(6, "move-0")).ShouldBeProblem(HttpStatusCode.UnprocessableEntity, "idempotency-key-reused");
        (await Move(5, "\"move-0\"")).ShouldBe(HttpStatusCode.OK);
        (await Stock()).ShouldBe(20);
    }

    [Fact]
    public async Task Movement_below_nothing_returns_409_and_reserved_pieces_stay()
    {
        await Make(stock: 10);
        await _stock.Handle(_stock.Reserve(_stock.NewOrder(), (Product, 8)));

        var answer = await Move(-3, "too-many");

        answer.ShouldBeProblem(HttpStatusCode.Conflict, "insufficient-stock");
        answer.Body.GetProperty("available").GetInt32().ShouldBe(2);
        (await Move(-2, "the-rest")).Body.GetProperty("stock").GetInt32().ShouldBe(0);
        // The key of the refused request is free.
        (await Move(3, "too-many")).ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("""{"change":0,"reason":"x"}""", "change")]
    [InlineData("""{"change":1000001,"reason":"x"}""", "change")]
    [InlineData("""{"change":1.5,"reason":"x"}""", "change")]
    [InlineData("""{"change":1}""", "reason")]
    [InlineData("""{"change":1,"reason":" "}""", "reason")]
    [InlineData("""{"change":1,"reason":"x","stock":5}""", "stock")]
    public async Task Malformed_movement_returns_400(string body, string field)
    {
        await Make();
        var answer = await Http.SendJson(HttpMethod.Post, _path + "/stock", body, ("Idempotency-Key", "k"));
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
        (await Http.SendJson(HttpMethod.Post, _path + "/stock", """{"change":1,"reason":"x"}""")).Fields.ShouldBe(["Idempotency-Key"]);
        (await Stock()).ShouldBe(10);
    }

    [Fact]
    public async Task Movement_of_an_unknown_product_returns_404()
    {
        (await Move(1, "k")).ShouldBeProblem(HttpStatusCode.NotFound, "product-not-found");
        (await Patch("""{"name":"A"}""")).ShouldBeProblem(HttpStatusCode.NotFound, "product-not-found");
    }
}

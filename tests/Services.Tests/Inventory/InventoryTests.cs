using System.Net;

namespace ForgeShop.Services.Tests;

public sealed class InventoryTests(ServersFixture servers)
{
    private HttpClient Http => servers.Inventory.Http;

    private static string NewSku(string prefix = "T") => $"{prefix}-{Guid.NewGuid():N}".ToUpperInvariant();

    private static object Product(string name = "Test product", string amount = "12.50", string currency = "EUR", int stock = 10) =>
        new { name, price = new { amount, currency }, stock };

    private Task<long> Events(string sku) =>
        servers.Inventory.Database.Scalar<long>("select count(*) from outbox where subject = $1", servers.Ids.Product(sku).Value);

    [Fact]
    public async Task New_product_is_created_with_the_derived_ID()
    {
        var sku = NewSku();

        var answer = await Http.Put($"/api/v1/products/{sku.ToLowerInvariant()}", Product(" Desk, oak ", "1299.9", "EUR", 7));

        answer.ShouldBe(HttpStatusCode.Created);
        answer.Location.ShouldBe($"/api/v1/products/{sku}");
        answer.Text("id").ShouldBe(servers.Ids.Product(sku).ToString());
        answer.Text("sku").ShouldBe(sku);
        answer.Text("name").ShouldBe("Desk, oak");
        answer.Body.GetProperty("price").ToString().ShouldBe("""{"amount":"1299.90","currency":"EUR"}""");
        answer.Body.GetProperty("stock").GetInt32().ShouldBe(7);
        answer.Body.EnumerateObject().Select(member => member.Name).ShouldBe(["id", "sku", "name", "price", "stock"]);
        (await Http.Get(answer.Location!.ToLowerInvariant().Replace("/api/v1/PRODUCTS", "/api/v1/products"))).Body.ToString()
            .ShouldBe(answer.Body.ToString());
    }

    [Fact]
    public async Task Product_set_again_returns_200_and_is_announced_only_if_it_changed()
    {
        var sku = NewSku();
        await Http.Put($"/api/v1/products/{sku}", Product());

        (await Http.PutOver($"/api/v1/products/{sku}", Product())).ShouldBe(HttpStatusCode.OK);
        (await Http.PutOver($"/api/v1/products/{sku}", Product(amount: "12.5"))).ShouldBe(HttpStatusCode.OK);
        (await Events(sku)).ShouldBe(1);

        (await Http.PutOver($"/api/v1/products/{sku}", Product(stock: 11))).Body.GetProperty("stock").GetInt32().ShouldBe(11);
        (await Events(sku)).ShouldBe(2);
    }

    [Fact]
    public async Task Concurrent_requests_create_a_product_once_and_number_its_events_without_gap()
    {
        var sku = NewSku();

        var answers = await Task.WhenAll(
            Enumerable.Range(1, 30).Select(stock => Http.Put($"/api/v1/products/{sku}", Product(stock: stock))));

        answers.Count(answer => answer.Status == HttpStatusCode.Created).ShouldBe(1);
        answers.Count(answer => answer.Status == HttpStatusCode.PreconditionRequired).ShouldBe(29);
        (await Events(sku)).ShouldBe(1);

        var changes = await Task.WhenAll(
            Enumerable.Range(101, 29).Select(stock => Http.PutOver($"/api/v1/products/{sku}", Product(stock: stock))));

        changes.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await Events(sku)).ShouldBe(30);
        (await servers.Inventory.Database.Scalar<long>("select last_sequence from products where sku = $1", sku)).ShouldBe(30);
    }

    [Theory]
    [InlineData("""{}""", "name", "price", "stock")]
    [InlineData("""{"name":"","price":{"amount":"1.00","currency":"EUR"},"stock":1}""", "name")]
    [InlineData("""{"name":"A\u0007","price":{"amount":"1.00","currency":"EUR"},"stock":1}""", "name")]
    [InlineData("""{"name":"A","price":{"amount":"0.00","currency":"EUR"},"stock":1}""", "price")]
    [InlineData("""{"name":"A","price":{"amount":"0.001","currency":"EUR"},"stock":1}""", "price")]
    [InlineData("""{"name":"A","price":{"amount":"1000000000.01","currency":"EUR"},"stock":1}""", "price")]
    [InlineData("""{"name":"A","price":{"amount":"1.00","currency":"EUR"},"stock":-1}""", "stock")]
    [InlineData("""{"name":"A","price":{"amount":"1.00","currency":"EUR"},"stock":1000001}""", "stock")]
    public async Task Invalid_product_returns_400_and_names_the_fields(string body, params string[] fields)
    {
        var sku = NewSku();

        var answer = await Http.SendJson(HttpMethod.Put, $"/api/v1/products/{sku}", body);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields, ignoreOrder: true);
        (await Http.Get($"/api/v1/products/{sku}")).ShouldBeProblem(HttpStatusCode.NotFound, "product-not-found");
    }

    [Theory]
    [InlineData("""{"name":"A","price":{"amount":12.50,"currency":"EUR"},"stock":1}""")]
    [InlineData("""{"name":"A","price":{"amount":"1e3","currency":"EUR"},"stock":1}""")]
    [InlineData("""{"name":"A","price":{"amount":"-1.00","currency":"EUR"},"stock":1}""")]
    [InlineData("""{"name":"A","price":{"amount":"1.00","currency":"eur"},"stock":1}""")]
    [InlineData("""{"name":"A","price":{"amount":"1.00"},"stock":1}""")]
    [InlineData("""{"name":"A","price":"1.00","stock":1}""")]
    [InlineData("""{"name":"A","price":{"amount":"1.00","currency":"EUR"},"stock":"many"}""")]
    [InlineData("""{"name":"A","price":{"amount":"1.00","currency":"EUR"},"stock":1.5}""")]
    [InlineData("""{"name":"A",""")]
    [InlineData("")]
    public async Task Unreadable_body_returns_400_and_changes_nothing(string body)
    {
        var sku = NewSku();

        var answer = await Http.SendJson(HttpMethod.Put, $"/api/v1/products/{sku}", body);

        answer.ShouldBe(HttpStatusCode.BadRequest);
        answer.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await Http.Get($"/api/v1/products/{sku}")).ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("-starts-with-hyphen")]
    [InlineData("has%20space")]
    [InlineData("has%2Fslash")]
    [InlineData("%C3%A4")]
    [InlineData("AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDDDDDDDEEEEEEEEEEFFFFFFFFFFGGGGG")]
    public async Task Invalid_SKU_returns_400(string sku)
    {
        (await Http.Get($"/api/v1/products/{sku}")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        (await Http.Put($"/api/v1/products/{sku}", Product())).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public async Task Pages_list_each_product_once_and_in_order()
    {
        var prefix = NewSku("PAGE")[..20];
        string[] skus = [$"{prefix}-A", $"{prefix}.B", $"{prefix}_C", $"{prefix}~D", $"{prefix}0E", $"{prefix}1F", $"{prefix}2G"];
        foreach (var sku in skus)
            (await Http.Put($"/api/v1/products/{sku}", Product())).ShouldBe(HttpStatusCode.Created);

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await Http.Get($"/api/v1/products?search={prefix}&limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            page.ShouldBe(HttpStatusCode.OK);
            seen.AddRange(page.Body.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("sku").GetString()!));
            cursor = page.Body.GetProperty("nextCursor").GetString();
        }
        while (cursor is not null);

        seen.ShouldBe(skus.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Search_ignores_case_and_takes_wildcards_literally()
    {
        var mark = Guid.NewGuid().ToString("N")[..12];
        await Http.Put($"/api/v1/products/{NewSku()}", Product($"Rebate 100% {mark}"));
        await Http.Put($"/api/v1/products/{NewSku()}", Product($"Rebate 100 euro {mark}"));

        async Task<int> Found(string search) =>
            (await Http.Get($"/api/v1/products?search={Uri.EscapeDataString(search)}")).Body.GetProperty("items").GetArrayLength();

        (await Found($"REBATE 100% {mark}")).ShouldBe(1);
        (await Found(mark)).ShouldBe(2);
        (await Found($"_{mark}")).ShouldBe(0);
        (await Found("nothing has this name " + mark)).ShouldBe(0);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=101", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("cursor=%21%21", "cursor")]
    [InlineData("cursor=IQ", "cursor")]
    [InlineData("search=%00", "search")]
    public async Task Invalid_query_returns_400_and_names_the_parameter(string query, string field)
    {
        var answer = await Http.Get("/api/v1/products?" + query);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
    }

    [Fact]
    public async Task Seed_is_added_once_and_a_changed_product_survives_a_restart()
    {
        await using var first = await servers.StartInventory();
        var seeded = (await first.Http.Get("/api/v1/products?limit=100")).Body.GetProperty("items").EnumerateArray().ToList();
        seeded.Count.ShouldBeGreaterThanOrEqualTo(8);
        seeded.ShouldAllBe(product => product.GetProperty("stock").GetInt32() > 0);
        var sku = seeded[0].GetProperty("sku").GetString()!;
        (await first.Http.PutOver($"/api/v1/products/{sku}", Product("Changed", stock: 0))).ShouldBe(HttpStatusCode.OK);

        await using var second = await servers.StartInventory(first.Database);

        (await second.Http.Get($"/api/v1/products/{sku}")).Text("name").ShouldBe("Changed");
        (await first.Database.Scalar<long>("select count(*) from outbox")).ShouldBe(seeded.Count + 1);
    }

    [Fact]
    public async Task Lookup_by_a_service_returns_the_sequence_number_of_the_last_event()
    {
        var sku = NewSku();
        await Http.Put($"/api/v1/products/{sku}", Product(stock: 1));
        await Http.PutOver($"/api/v1/products/{sku}", Product(stock: 2));

        var found = await servers.Inventory.AsService().Get($"/internal/products?sku={sku.ToLowerInvariant()}&sku={NewSku()}");

        var product = found.Body.GetProperty("items").EnumerateArray().ShouldHaveSingleItem();
        product.GetProperty("id").GetString().ShouldBe(servers.Ids.Product(sku).ToString());
        product.GetProperty("sequence").GetInt64().ShouldBe(2);
    }
}

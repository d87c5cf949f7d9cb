using System.Net;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Forge;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>
/// GET /api/v1/ids: the gateway derives the same IDs as the library, refuses the same keys, and does not repeat refused values.
/// </summary>
public sealed class GatewayIdsTests(GatewayFixture shop) : IClassFixture<GatewayFixture>
{
    private const string Ada = "6e16f6c3-de6b-55c3-80ba-75907720bb8a";

    /// <summary>Every vector of the shop's domain and of an entity type that the shop has.</summary>
    [Fact]
    public async Task Gateway_derives_the_IDs_of_the_vectors()
    {
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "vectors", "forge-id.json"),
            TestContext.Current.CancellationToken));
        var tried = 0;
        foreach (var vector in file.RootElement.GetProperty("ids").EnumerateArray().Where(IsOfTheShop))
        {
            var answer = await shop.Http.Get($"/api/v1/ids/{Text(vector, "entity")}?{Query(vector.GetProperty("key"))}");
            answer.ShouldBe(HttpStatusCode.OK);
            answer.Text("id").ShouldBe(Text(vector, "uuid"));
            answer.Text("namespace").ShouldBe(Text(vector, "namespace"));
            answer.Text("algorithm").ShouldBe("v5");
            if (answer.Body.TryGetProperty("name", out var name))
                name.GetString().ShouldBe(Text(vector, "name"));
            tried++;
        }

        tried.ShouldBeGreaterThan(15);
    }

    [Theory]
    [InlineData("users?email=%20ADA%40example.com", Ada)]
    [InlineData("users?key=ada%40example.com", Ada)]
    [InlineData("sagas?order=6E16F6C3-DE6B-55C3-80BA-75907720BB8A", null)]
    public async Task Plain_key_is_accepted_under_its_own_name_and_under_key(string query, string? id)
    {
        var answer = await shop.Http.Get("/api/v1/ids/" + query);
        answer.ShouldBe(HttpStatusCode.OK);
        answer.Text("id").ShouldBe(id ?? new ForgeIds().Saga(OrderId.Parse(Ada)).ToString());
    }

    [Theory]
    [InlineData("users?email=stranger-at-example.com", "email")]
    [InlineData("users", "email")]
    [InlineData("users?email=a%40b.c&email=d%40e.f", "email")]
    [InlineData("users?email=a%40b.c&name=Ada", "name")]
    [InlineData("products?sku=two%20words", "sku")]
    [InlineData("products?sku=%EF%BC%A1", "sku")]
    [InlineData("orders", "key")]
    [InlineData("orders?user=" + Ada, "reference")]
    [InlineData("orders?user=%7B6e16f6c3-de6b-55c3-80ba-75907720bb8a%7D&reference=cart", "user")]
    [InlineData("orders?user=" + Ada + "&reference=%00nul", "reference")]
    [InlineData("payments?order=" + Ada + "&attempt=01", "attempt")]
    public async Task Refused_key_returns_its_field_and_reason(string query, string field)
    {
        var answer = await shop.Http.Get("/api/v1/ids/" + query);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
        foreach (var value in new[] { "stranger", "two words", "cart", "nul" })
            answer.Body.ToString().ShouldNotContain(value);
    }

    [Fact]
    public async Task Unknown_entity_type_returns_404() =>
        (await shop.Http.Get("/api/v1/ids/invoices?key=1")).ShouldBeProblem(HttpStatusCode.NotFound, "unknown-entity-type");

    [Fact]
    public async Task Catalogue_lists_every_entity_type_with_its_key()
    {
        var answer = await shop.Http.Get("/api/v1/ids");
        answer.ShouldBe(HttpStatusCode.OK);
        var listed = answer.Body.GetProperty("items").EnumerateArray().ToDictionary(item => Text(item, "entityType"));
        listed.Keys.ShouldBe(ShopCatalogue.Instance.Types.Select(type => type.Name), ignoreOrder: true);
        Text(listed["users"].GetProperty("key"), "email").ShouldBe("email");
        Text(listed["orders"].GetProperty("key"), "reference").ShouldBe("text");
        Text(listed["users"], "form").ShouldBe("plain");
        Text(listed["orders"], "form").ShouldBe("record");
    }

    [Fact]
    public async Task Shop_with_a_secret_refuses_to_derive_the_ID_of_an_email_address()
    {
        const string secret = "a secret of more than sixteen bytes";
        await using var gateway = await shop.StartGateway(("Forge:Secret", secret));
        (await gateway.Http.Get("/api/v1/ids/users?email=ada%40example.com")).ShouldBeProblem(HttpStatusCode.Forbidden, "personal-key");

        var product = await gateway.Http.Get("/api/v1/ids/products?sku=MUG-FORGE");
        product.ShouldBe(HttpStatusCode.OK);
        product.Text("id").ShouldBe(new ForgeIds(ForgeAlgorithm.V8HmacSha256, secret).Product("MUG-FORGE").ToString());
        product.Text("algorithm").ShouldBe("v8-hmac-sha256");
    }

    private static bool IsOfTheShop(JsonElement vector) =>
        !vector.TryGetProperty("error", out _)
        && Text(vector, "domain") == "forgeshop.example"
        && Text(vector, "algorithm") == "v5"
        && ShopCatalogue.Instance.TryGet(Text(vector, "entity"), out _);

    private static string Query(JsonElement key) => key.TryGetProperty("fields", out var fields)
        ? string.Join(
            '&', fields.EnumerateArray().Select(field => $"{field[0].GetString()}={Uri.EscapeDataString(Text(field[1], "value"))}"))
        : "key=" + Uri.EscapeDataString(Text(key, "value"));

    private static string Text(JsonElement element, string member) => element.GetProperty(member).GetString()!;
}

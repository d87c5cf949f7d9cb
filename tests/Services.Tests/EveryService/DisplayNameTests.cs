using System.Net;
using ForgeShop.Contracts;

namespace ForgeShop.Services.Tests;

/// <summary>Names and their search: one rule for customers and products; through the gateway.</summary>
public sealed class DisplayNameTests(ServersFixture servers)
{
    private const string Composed = "Caf\u00e9 \u00c5";
    private const string Decomposed = "Cafe\u0301 \u212b"; // with a combining accent, and the sign for angstrom

    private static string NewSku() => $"N-{Guid.NewGuid():N}".ToUpperInvariant();

    private Task<Answer> Put(string sku, string name) =>
        servers.Gateway.Http.Put($"/api/v1/products/{sku}", new { name, price = new { amount = "1.00", currency = "EUR" }, stock = 1 });

    [Fact]
    public async Task Name_is_stored_composed()
    {
        (await Put(NewSku(), $"  {Decomposed} ")).Text("name").ShouldBe(Composed);

        var email = $"name-{Guid.NewGuid():N}@example.com";
        (await servers.Gateway.Anonymous.Post("/api/v1/users", new { email, name = Decomposed, password = "Correct-Horse-1" })).Text("name")
            .ShouldBe(Composed);
        var user = servers.Ids.User(email);
        (await servers.Gateway.As(user).Patch($"/api/v1/users/{user}", new { name = "e\u0301a" })).Text("name").ShouldBe("\u00e9a");
    }

    [Theory]
    [InlineData("ab\u202ec")] // right-to-left override
    [InlineData("ab\u2066c")] // isolate
    [InlineData("ab\u2028c")] // line separator
    [InlineData("ab\u2029c")] // paragraph separator
    [InlineData("ab\u0085c")] // next line
    [InlineData("ab\ufffdc")] // what could not be read
    [InlineData("\u200b\u200d\u2060")] // nothing to see
    [InlineData("\u3164\u3164")] // fillers
    [InlineData("\u2800\u2800")] // empty Braille
    [InlineData("\u00ad\u00ad")] // soft hyphens
    [InlineData("\u0301\u0301")] // accents without a letter
    [InlineData("\u3000\u2003")] // spaces
    public async Task Invisible_or_unstorable_name_returns_400(string name)
    {
        var product = await Put(NewSku(), name);
        product.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        product.Fields.ShouldBe(["name"]);
        var user = servers.Ids.User($"name-{Guid.NewGuid():N}@example.com");
        (await servers.Gateway.Anonymous.Post("/api/v1/users",
            new { email = $"name-{Guid.NewGuid():N}@example.com", name, password = "Correct-Horse-1" })).Fields.ShouldBe(["name"]);
        DisplayName.Check(name, "A reason", 1, 200).Problem.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("Zoë 👩‍👩‍👧")]
    [InlineData("می‌خواهم")]
    [InlineData("שלום")]
    [InlineData("O'Brien-\u200eSmith")]
    public async Task Name_in_any_script_is_accepted(string name) => (await Put(NewSku(), name)).Text("name").ShouldBe(name);

    [Theory]
    [InlineData("Caf\u00e9 {0}", "CAFE\u0301 {0}")]
    [InlineData("CAFE\u0301 {0}", "caf\u00e9 {0}")]
    [InlineData("Stra\u00dfe {0}", "STRASSE {0}")]
    [InlineData("\u039f\u03b4\u03cc\u03c2 {0}", "\u03bf\u03b4\u03cc\u03c3 {0}")] // either sigma
    [InlineData("100%_\\ {0}", "100%_\\ {0}")]
    public async Task Search_folds_both_sides_alike(string name, string search)
    {
        var mark = Guid.NewGuid().ToString("N")[..12];
        (await Put(NewSku(), string.Format(name, mark))).ShouldBe(HttpStatusCode.Created);

        var found = await servers.Gateway.Anonymous.Get($"/api/v1/products?search={Uri.EscapeDataString(string.Format(search, mark))}");

        found.Body.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"email":"new@example.com","name":"Anna B"}""", "email")]
    [InlineData("""{"role":"administrator"}""", "role")]
    [InlineData("""{"email":null}""", "email")]
    [InlineData("""{"name":null}""", "name")]
    [InlineData("""{"name":"\ud800"}""", "body")]
    [InlineData("""{"name":"Ada","name":"Eve"}""", "body")]
    [InlineData("""{"name":"Ada","Name":"Eve"}""", "body")]
    public async Task Profile_member_that_cannot_be_set_returns_400_and_is_named(string patch, string field)
    {
        var email = $"profile-{Guid.NewGuid():N}@example.com";
        var user = servers.Ids.User(email);
        (await servers.Gateway.Anonymous.Post("/api/v1/users", new { email, name = "Anna A", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        var http = servers.Gateway.As(user);

        var answer = await http.SendJson(HttpMethod.Patch, $"/api/v1/users/{user}", patch);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
        (await http.Get($"/api/v1/users/{user}")).Text("name").ShouldBe("Anna A");
        (await http.SendJson(HttpMethod.Patch, $"/api/v1/users/{user}", "{}")).Text("name").ShouldBe("Anna A");
    }
}

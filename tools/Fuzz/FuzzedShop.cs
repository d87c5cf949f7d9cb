using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace ForgeShop.Fuzz;

/// <summary>The shop under test: its address, the callers, and their stored data.</summary>
/// <param name="http">The gateway.</param>
/// <param name="customer">Returns an access token of a customer.</param>
/// <param name="administrator">Returns an access token of an administrator.</param>
public sealed class FuzzedShop(
    HttpClient http, Func<CancellationToken, Task<string>> customer, Func<CancellationToken, Task<string>> administrator)
{
    public const string Sku = "FUZZ-1";

    public Uri Gateway => http.BaseAddress!;

    public string UserId { get; private set; } = "";

    public string CustomerToken { get; private set; } = "";

    public string AdministratorToken { get; private set; } = "";

    /// <summary>Renews the access tokens, which outlive no long run.</summary>
    public async Task LogInAsync(CancellationToken cancellationToken) =>
        (CustomerToken, AdministratorToken) = (await customer(cancellationToken), await administrator(cancellationToken));

    /// <summary>Creates the product that is ordered and changed, and returns the OpenAPI document.</summary>
    public async Task<JsonNode> PrepareAsync(CancellationToken cancellationToken)
    {
        await LogInAsync(cancellationToken);
        using var request = Request(HttpMethod.Put, $"/api/v1/products/{Sku}", AdministratorToken);
        var product = new { name = "Fuzzed article", price = new { amount = "1.00", currency = "EUR" }, stock = 100_000 };
        request.Content = JsonContent.Create(product);
        using var created = await http.SendAsync(request, cancellationToken);
        created.EnsureSuccessStatusCode();
        UserId = (string)(await GetAsync("/api/v1/users/me", cancellationToken))["id"]!;
        return await GetAsync("/openapi/v1.json", cancellationToken);
    }

    /// <summary>Returns the customer's orders and name, and all products with their names and prices.</summary>
    public async Task<IReadOnlySet<string>> StateAsync(CancellationToken cancellationToken)
    {
        var state = FactsOf(await GetAsync("/api/v1/users/me", cancellationToken)).ToHashSet();
        foreach (var list in (string[])["orders", "products"])
        {
            var cursor = "";
            do
            {
                var page = await GetAsync($"/api/v1/{list}?limit=100{cursor}", cancellationToken);
                state.UnionWith(page["items"]!.AsArray().SelectMany(item => FactsOf(item!)));
                cursor = (string?)page["nextCursor"] is { } next ? "&cursor=" + Uri.EscapeDataString(next) : "";
            }
            while (cursor.Length > 0);
        }

        return state;
    }

    /// <summary>Returns the members of a user, an order or a product in an answer that a request can change.</summary>
    internal static IEnumerable<string> FactsOf(JsonNode thing)
    {
        yield return $"{thing["id"]} exists";
        if (thing["name"] is { } name)
            yield return $"{thing["id"]} has the name {name}";
        if (thing["price"] is { } price)
            yield return $"{thing["id"]} costs {price["amount"]} {price["currency"]}";
    }

    private async Task<JsonNode> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var request = Request(HttpMethod.Get, path, CustomerToken);
        using var answer = await http.SendAsync(request, cancellationToken);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
    }

    private static HttpRequestMessage Request(HttpMethod method, string path, string token) =>
        new(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
}

using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Operator;

/// <summary>The public catalogue, as a customer sees it.</summary>
public static class Catalogue
{
    /// <summary>Returns the displayed price of a product, for the expected total of an order.</summary>
    /// <exception cref="OperatorException">The catalogue does not contain the product.</exception>
    public static async Task<Money> PriceAsync(HttpClient http, string sku, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync($"/api/v1/products/{sku}", cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new OperatorException($"could not read the price of {sku}: the shop answered {(int)answer.StatusCode}");
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("price")
            .Deserialize<Money>(JsonSerializerOptions.Web);
    }
}

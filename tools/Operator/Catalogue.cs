using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;

namespace ForgeShop.Operator;

/// <summary>The shop window, as a customer sees it.</summary>
public static class Catalogue
{
    /// <summary>Returns the price that is shown for a product, for the total that an order expects.</summary>
    /// <exception cref="OperatorException">The shop does not show the product.</exception>
    public static async Task<Money> PriceAsync(HttpClient http, string sku, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync($"/api/v1/products/{sku}", cancellationToken);
        if (!answer.IsSuccessStatusCode)
            throw new OperatorException($"could not read the price of {sku}: the shop answered {(int)answer.StatusCode}");
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("price").Deserialize<Money>(JsonSerializerOptions.Web);
    }
}

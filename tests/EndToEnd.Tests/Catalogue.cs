namespace ForgeShop.EndToEnd.Tests;

internal static class Catalogue
{
    public static async Task<string> AnySku(ShopFixture fixture, CancellationToken cancellationToken) =>
        (await fixture.Shop.Get("/api/v1/products?limit=1", cancellationToken)).GetProperty("items")[0].GetProperty("sku").GetString()!;
}

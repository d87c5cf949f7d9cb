namespace ForgeShop.EndToEnd.Tests;

internal static class Catalogue
{
    /// <summary>Seeded with 5,000 pieces: enough for all tests that are not about stock.</summary>
    public const string Plenty = "MUG-FORGE";

    public static async Task<string> AnySku(ShopFixture fixture, CancellationToken cancellationToken) =>
        (await fixture.Shop.Get("/api/v1/products?limit=1", cancellationToken)).GetProperty("items")[0].GetProperty("sku").GetString()!;
}

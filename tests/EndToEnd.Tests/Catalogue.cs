namespace ForgeShop.EndToEnd.Tests;

internal static class Catalogue
{
    /// <summary>Seeded with 5,000 pieces: enough for all tests that are not about stock.</summary>
    public const string Plenty = "MUG-FORGE";

    /// <summary>Sets ten products of the tests to this stock.</summary>
    public static async Task<IReadOnlyList<string>> Stock(ShopFixture fixture, int pieces, CancellationToken cancellationToken)
    {
        var admin = await fixture.LogInAdministrator(cancellationToken);
        var skus = Enumerable.Range(1, 10).Select(number => $"TEST-{number:00}").ToList();
        foreach (var sku in skus)
            await admin.PutProduct(sku, new { name = "Test article", price = new { amount = "19.99", currency = "EUR" }, stock = pieces }, cancellationToken);
        return skus;
    }
}

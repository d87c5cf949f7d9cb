using System.Net;
using ForgeShop.Contracts;

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
        {
            var answer = await admin.PutProductAsync(sku, "Test article", new Money(19.99m, "EUR"), pieces, cancellationToken);
            if (answer.Status is HttpStatusCode.PreconditionRequired)
                answer = await admin.PutProductAsync(
                    sku, "Test article", new Money(19.99m, "EUR"), pieces, cancellationToken, ifMatch: "*");
            answer.Expect(HttpStatusCode.Created, HttpStatusCode.OK);
        }

        return skus;
    }
}

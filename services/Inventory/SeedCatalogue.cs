using ForgeShop.Contracts;
using Microsoft.Extensions.Options;

namespace ForgeShop.Inventory;

/// <summary>The products that a shop in development starts with. Only what is absent is added; what somebody changed stays.</summary>
public static class SeedCatalogue
{
    private static readonly (string Sku, string Name, decimal Price, int Stock)[] Products =
    [
        ("BOOK-DDD", "Domain-Driven Design, hardcover", 54.90m, 120),
        ("BOOK-SRE", "Site Reliability Engineering, paperback", 42.50m, 80),
        ("CABLE-USBC-2M", "USB-C cable, 2 m, 100 W", 12.99m, 2500),
        ("DESK-LAMP-01", "LED desk lamp, dimmable", 39.00m, 340),
        ("HEADSET-PRO", "Noise-cancelling headset", 229.00m, 60),
        ("KEYBOARD-75", "Mechanical keyboard, 75 %", 119.95m, 150),
        ("MONITOR-27-4K", "27-inch 4K monitor", 389.00m, 45),
        ("MOUSE-ERGO", "Vertical ergonomic mouse", 64.50m, 210),
        ("MUG-FORGE", "ForgeShop mug, stoneware", 14.90m, 5000),
        ("STAND-LAPTOP", "Aluminium laptop stand", 47.25m, 180),
    ];

    public static async Task AddAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        if (!services.GetRequiredService<IOptions<CatalogueOptions>>().Value.Seed)
            return;
        var catalogue = services.GetRequiredService<Catalogue>();
        foreach (var (sku, name, price, stock) in Products)
            await catalogue.AddAsync(sku, name, new Money(price, "EUR"), stock, cancellationToken);
    }
}

/// <summary>Configuration section <c>Catalogue</c>.</summary>
public sealed class CatalogueOptions
{
    /// <summary>Whether the shop starts with products in stock. On in development.</summary>
    public bool Seed { get; set; }
}

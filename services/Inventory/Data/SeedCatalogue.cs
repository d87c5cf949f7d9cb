using Microsoft.Extensions.Options;

namespace ForgeShop.Inventory;

/// <summary>The products of a shop in development. Only missing ones are added, so that a change of a product survives a restart.</summary>
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
        var (db, ids) = (services.GetRequiredService<InventoryDb>(), services.GetRequiredService<ForgeIds>());
        var now = services.GetRequiredService<TimeProvider>().GetUtcNow();
        await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            var existing = await db.FindProductsAsync(Products.Select(product => ids.Product(product.Sku)), token);
            foreach (var (sku, name, price, stock) in Products.Where(product => !existing.ContainsKey(ids.Product(product.Sku))))
            {
                var product = db.Products.Add(Product.New(ids.Product(sku), sku)).Entity;
                product.Set(name, new Money(price, "EUR"), stock, now);
                db.Emit(product, product.Changed(), MessageOrigin.None);
            }
            return true;
        }, cancellationToken);
    }
}

/// <summary>Configuration section <c>Catalogue</c>.</summary>
public sealed class CatalogueOptions
{
    /// <summary>Whether the service adds <see cref="SeedCatalogue"/> at start. True by default in development, false elsewhere.</summary>
    public bool Seed { get; set; }
}

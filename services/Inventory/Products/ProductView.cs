using ForgeShop.Contracts;

namespace ForgeShop.Inventory;

/// <summary>A product in the API; <paramref name="Stock"/> is the available quantity.</summary>
public sealed record ProductView(ProductId Id, string Sku, string Name, Money Price, int Stock)
{
    public static ProductView Of(Product product) => new(product.Id, product.Sku, product.Name, product.Price, product.Available);
}

public sealed record ProductPage(IReadOnlyList<ProductView> Items, string? NextCursor);

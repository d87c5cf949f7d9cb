namespace ForgeShop.Inventory;

/// <summary>GET /api/v1/products/{sku}</summary>
public static class GetProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{sku}", Handle)
        .WithSummary("Returns a product. The case of the SKU is ignored.")
        .WithErrorCodes((404, "product-not-found"))
        .Produces<ProductView>()
        .AllowAnonymous();

    private static async Task<IResult> Handle(string sku, InventoryDb db, ForgeIds ids, CancellationToken cancellationToken)
    {
        if (!Sku.TryNormalise(sku, out var canonical))
            return ProductRules.BadSku();
        var id = ids.Product(canonical);
        var product = await db.Products.AsNoTracking().SingleOrDefaultAsync(candidate => candidate.Id == id, cancellationToken);
        if (product is null)
            return ProductRules.NotFound();
        ids.Verify(product.Id, product.Sku);
        return TypedResults.Ok(ProductView.Of(product));
    }
}

/// <summary>A product in the API; <paramref name="Stock"/> is the available quantity.</summary>
public sealed record ProductView(ProductId Id, string Sku, string Name, Money Price, int Stock)
{
    public static ProductView Of(Product product) => new(product.Id, product.Sku, product.Name, product.Price, product.Available);
}

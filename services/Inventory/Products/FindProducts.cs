namespace ForgeShop.Inventory;

/// <summary>GET /internal/products?sku=&amp;sku=: for services that keep a copy of the products. The gateway does not route it.</summary>
public static class FindProducts
{
    private const int MaxSkus = 100;

    public sealed record Found(IReadOnlyList<FoundProduct> Items);

    /// <param name="Sequence">The sequence number of the product's last event, by which the caller orders this state among the
    /// events.</param>
    public sealed record FoundProduct(ProductId Id, string Sku, string Name, Money Price, long Sequence);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/products", Handle)
        .WithSummary("Returns the products with these SKUs that exist. For other services.")
        .Produces<Found>()
        .RequirePermission(Permissions.Internal);

    private static async Task<IResult> Handle(string[] sku, InventoryDb db, ForgeIds ids, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (sku.Length is < 1 or > MaxSkus)
            errors.Add("sku", $"1 to {MaxSkus} SKUs are required.");
        var wanted = new List<ProductId>();
        foreach (var one in sku)
        {
            if (Sku.TryNormalise(one, out var canonical))
                wanted.Add(ids.Product(canonical));
            else
                errors.Add("sku", ProductRules.SkuForm);
        }

        if (errors.Any)
            return errors.ToProblem();
        var products = await db.Products.AsNoTracking().Where(product => wanted.Contains(product.Id)).ToListAsync(cancellationToken);
        products.ForEach(product => ids.Verify(product.Id, product.Sku));
        return TypedResults.Ok(new Found([.. products.Select(View)]));
    }

    private static FoundProduct View(Product product) => new(product.Id, product.Sku, product.Name, product.Price, product.LastSequence);
}

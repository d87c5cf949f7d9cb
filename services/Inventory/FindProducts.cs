using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory;

/// <summary>GET /internal/products?sku=&amp;sku=: what another service keeps of products it has not heard of. Not routed from outside.</summary>
public static class FindProducts
{
    private const int MaxSkus = 100;

    public sealed record Found(IReadOnlyList<FoundProduct> Items);

    /// <summary><paramref name="Sequence"/> is the number of the product's event that this is the state after, to be compared with events that arrive later.</summary>
    public sealed record FoundProduct(ProductId Id, string Sku, string Name, Money Price, long Sequence);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/internal/products", Handle)
        .WithName("FindProducts")
        .WithSummary("For other services: products by SKU; those that do not exist are left out.")
        .Produces<Found>()
        .ProducesValidationProblem()
        .RequireService();

    private static async Task<IResult> Handle(string[] sku, InventoryDb db, ForgeIds ids, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (sku.Length is < 1 or > MaxSkus)
            errors.Add("sku", $"1 to {MaxSkus} SKUs are required.");
        var wanted = new List<ProductId>();
        foreach (var one in sku)
        {
            if (Sku.TryNormalise(one, out var normalised))
                wanted.Add(ids.Product(normalised));
            else
                errors.Add("sku", ProductRules.SkuForm);
        }

        if (errors.Any)
            return errors.ToProblem();
        var products = await db.Products.AsNoTracking().Where(product => wanted.Contains(product.Id)).ToListAsync(cancellationToken);
        return TypedResults.Ok(new Found([.. products.Select(product => new FoundProduct(product.Id, product.Sku, product.Name, product.Price, product.LastSequence))]));
    }
}

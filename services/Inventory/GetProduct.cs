using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory;

/// <summary>GET /api/v1/products/{sku}</summary>
public static class GetProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{sku}", Handle)
        .WithName("GetProduct")
        .WithSummary("Shows a product; the SKU may be written in any case.")
        .Produces<ProductView>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .AllowAnonymous();

    private static async Task<IResult> Handle(string sku, InventoryDb db, ForgeIds ids, CancellationToken cancellationToken)
    {
        if (!Sku.TryNormalise(sku, out var normalised))
            return ProductRules.BadSku();
        var id = ids.Product(normalised);
        var product = await db.Products.AsNoTracking().SingleOrDefaultAsync(known => known.Id == id, cancellationToken);
        return product is null ? Problems.NotFound("product-not-found", "There is no such product.") : TypedResults.Ok(ProductView.Of(product));
    }
}

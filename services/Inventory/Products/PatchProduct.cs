using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace ForgeShop.Inventory;

/// <summary>The members of a product that a PATCH can change. The stock changes by movements only (<see cref="MoveStock"/>).</summary>
public sealed record ProductDetails(string? Name, Money? Price);

/// <summary>PATCH /api/v1/products/{sku}: name and price as a JSON Merge Patch, without touching the stock.</summary>
public static class PatchProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPatch("/{sku}", Handle)
        .WithSummary("Changes the name and the price of a product (JSON Merge Patch). If-Match is honoured.")
        .WithIfMatch()
        .WithErrorCodes((404, "product-not-found"))
        .WithRequestExample(new { name = "Tea" })
        .Accepts<ProductDetails>("application/merge-patch+json", "application/json")
        .Produces<ProductView>()
        .RequirePermission(Permissions.CatalogWrite);

    private static async Task<IResult> Handle(
        string sku, [FromBody] JsonElement patch, HttpContext http, InventoryDb db, ForgeIds ids, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!Sku.TryNormalise(sku, out var canonical))
            return ProductRules.BadSku();
        var (id, now) = (ids.Product(canonical), time.GetUtcNow().AsStored());
        var isRetry = false;
        return await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            if (await db.Products.SingleOrDefaultAsync(product => product.Id == id, token) is not { } product)
                return ProductRules.NotFound();
            ids.Verify(product.Id, product.Sku);
            // A retry after a lost commit confirmation finds the state that this request stored.
            if (isRetry && product.ChangedAt == now)
                return TypedResults.Ok(ProductView.Of(product));
            if (Preconditions.Check(http, ProductView.Of(product)) is { } refused)
                return refused;
            isRetry = true;
            var details = MergePatch.Apply(http, new ProductDetails(product.Name, product.Price), patch);
            var errors = new ValidationErrors();
            var (name, badName) = ProductRules.Name(details.Name);
            errors.Add("name", badName);
            errors.Add("price", ProductRules.Price(details.Price));
            if (errors.Any)
                return errors.ToProblem();
            if (product.Set(name!, details.Price!.Value, product.Available, now))
                db.Emit(product, product.Changed(), MessageOrigin.OfRequest());
            return TypedResults.Ok(ProductView.Of(product));
        }, cancellationToken);
    }
}

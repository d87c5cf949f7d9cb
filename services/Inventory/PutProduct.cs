using ForgeShop.Contracts;
using ForgeShop.Inventory.Reservations;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory;

public sealed record PutProductRequest(string? Name, Money? Price, int? Stock);

/// <summary>PUT /api/v1/products/{sku}</summary>
public static class PutProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/{sku}", Handle)
        .WithName("PutProduct")
        .WithSummary("Creates a product, or sets its name, its price and its available quantity.")
        .Produces<ProductView>()
        .Produces<ProductView>(StatusCodes.Status201Created)
        .ProducesValidationProblem()
        .RequirePermission(Permissions.CatalogWrite);

    private static async Task<IResult> Handle(
        string sku, PutProductRequest request, InventoryDb db, ForgeIds ids, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (!Sku.TryNormalise(sku, out var canonical))
            errors.Add("sku", ProductRules.SkuForm);
        errors.Add("name", ProductRules.Name(request.Name));
        errors.Add("price", ProductRules.Price(request.Price));
        errors.Add("stock", ProductRules.Stock(request.Stock));
        if (errors.Any)
            return errors.ToProblem();

        var id = ids.Product(canonical!);
        var (product, created) = await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            var existing = await db.Products.SingleOrDefaultAsync(product => product.Id == id, token);
            var product = existing ?? db.Products.Add(Product.New(id, canonical!)).Entity;
            // Only a change is announced.
            if (product.Set(request.Name!.Trim(), request.Price!.Value, request.Stock!.Value, time.GetUtcNow()))
                db.Emit(product, product.Changed(), MessageOrigin.OfRequest());
            return (product, existing is null);
        }, cancellationToken);
        var view = ProductView.Of(product);
        return created ? TypedResults.Created($"/api/v1/products/{view.Sku}", view) : TypedResults.Ok(view);
    }
}

using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Inventory;

public sealed record PutProductRequest(string? Name, Money? Price, int? Stock);

/// <summary>PUT /api/v1/products/{sku}</summary>
public static class PutProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/{sku}", Handle)
        .WithName("PutProduct")
        .WithSummary("Creates a product or sets its name, its price and what is available of it.")
        .Produces<ProductView>()
        .Produces<ProductView>(StatusCodes.Status201Created)
        .ProducesValidationProblem()
        .RequirePermission(Permissions.CatalogWrite);

    private static async Task<IResult> Handle(string sku, PutProductRequest request, Catalogue catalogue, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (!Sku.TryNormalise(sku, out var normalised))
            errors.Add("sku", ProductRules.SkuForm);
        errors.Add("name", ProductRules.Name(request.Name));
        errors.Add("price", ProductRules.Price(request.Price));
        errors.Add("stock", ProductRules.Stock(request.Stock));
        if (errors.Any)
            return errors.ToProblem();

        var (product, created) = await catalogue.SetAsync(normalised!, request.Name!.Trim(), request.Price!.Value, request.Stock!.Value, cancellationToken);
        var view = ProductView.Of(product);
        return created ? TypedResults.Created($"/api/v1/products/{view.Sku}", view) : TypedResults.Ok(view);
    }
}

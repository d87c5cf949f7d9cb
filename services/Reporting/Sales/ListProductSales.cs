namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/reports/products?cursor=&amp;limit=</summary>
public static class ListProductSales
{
    public sealed record SalesByProduct(IReadOnlyList<Product> Items, string? NextCursor, DateTimeOffset? AsOf);

    public sealed record Product(
        ProductId ProductId, string? Sku, string? Name, long OrderCount, long Quantity, IReadOnlyList<Sum> Revenue);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/products", Handle)
        .WithSummary("Lists the products with their sales in confirmed orders, the most sold first.")
        .Produces<SalesByProduct>()
        .RequirePermission(Permissions.ReportsRead);

    private static async Task<IResult> Handle(string? cursor, string? limit, ReadModels models, CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        var count = PageLimit.Read(limit, errors);
        if (errors.Any)
            return errors.ToProblem();
        var model = await models.GetActiveAsync(cancellationToken);
        var query = new DocumentQuery<ProductSales>
        {
            OrderBy = ProductSales.QuantityField, IsDescending = true, Limit = count, Cursor = cursor,
        };
        var page = await model.Products.QueryAsync(query, cancellationToken);
        var products = from document in page.Items
                       let product = document.Value
                       select new Product(
                           product.ProductId, product.Sku, product.Name, product.OrderCount, product.Quantity, product.Revenue);
        return TypedResults.Ok(new SalesByProduct([.. products], page.NextCursor, await model.AsOfAsync(cancellationToken)));
    }
}

namespace ForgeShop.Inventory;

public sealed record PutProductRequest(string? Name, Money? Price, int? Stock);

/// <summary>PUT /api/v1/products/{sku}</summary>
public static class PutProduct
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/{sku}", Handle)
        .WithSummary("Creates a product, or sets its name, its price and its available quantity. On an existing one If-Match is required.")
        .WithIfMatch()
        .WithRequestExample(new { name = "Tea", price = new { amount = "4.99", currency = "EUR" }, stock = 100 })
        .Produces<ProductView>()
        .Produces<ProductView>(StatusCodes.Status201Created)
        .ProducesProblem(StatusCodes.Status428PreconditionRequired)
        .RequirePermission(Permissions.CatalogWrite);

    private static async Task<IResult> Handle(
        string sku, PutProductRequest request, HttpContext http, InventoryDb db, ForgeIds ids, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (!Sku.TryNormalise(sku, out var canonical))
            errors.Add("sku", ProductRules.SkuForm);
        var (name, badName) = ProductRules.Name(request.Name);
        errors.Add("name", badName);
        errors.Add("price", ProductRules.Price(request.Price));
        errors.Add("stock", ProductRules.Stock(request.Stock));
        if (errors.Any)
            return errors.ToProblem();

        var (id, now) = (ids.Product(canonical!), time.GetUtcNow().AsStored());
        bool? created = null;
        return await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            var existing = await db.Products.SingleOrDefaultAsync(product => product.Id == id, token);
            // A retry after a lost commit confirmation finds the state that this request stored.
            if (created is not null && existing?.ChangedAt == now)
                return Answer(existing, created.Value);
            if (Preconditions.Check(http, existing is null ? null : ProductView.Of(existing)) is { } refused)
                return refused;
            if (existing is not null && http.Request.Headers.IfMatch.Count == 0)
                return Problems.Status(
                    StatusCodes.Status428PreconditionRequired,
                    "This exists already. Send If-Match with the ETag of the last GET, so that no change is lost.");
            if (existing is not null)
                ids.Verify(existing.Id, existing.Sku);
            created = existing is null;
            var product = existing ?? db.Products.Add(Product.New(id, canonical!)).Entity;
            // An unchanged product publishes no event.
            if (product.Set(name!, request.Price!.Value, request.Stock!.Value, now))
                db.Emit(product, product.Changed(), MessageOrigin.OfRequest());
            return Answer(product, created.Value);
        }, cancellationToken);
    }

    private static IResult Answer(Product product, bool created)
    {
        var view = ProductView.Of(product);
        return created ? TypedResults.Created($"/api/v1/products/{view.Sku}", view) : TypedResults.Ok(view);
    }
}

namespace ForgeShop.Inventory;

public sealed record MoveStockRequest(int? Change, string? Reason);

/// <summary>
/// POST /api/v1/products/{sku}/stock with an Idempotency-Key: adds pieces to the stock or takes some out. Unlike a PUT of the whole product
/// it cannot restore sold pieces. A retry does not move stock twice.
/// </summary>
public static class MoveStock
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{sku}/stock", Handle)
        .WithSummary("Adds pieces to the stock of a product (+n) or takes some out (-n), with the reason.")
        .WithIdempotencyKey()
        .WithIfMatch()
        .WithErrorCodes((404, "product-not-found"), (409, "insufficient-stock"), (422, "idempotency-key-reused"))
        .WithRequestExample(new { change = -2, reason = "Broken in the warehouse" })
        .Produces<ProductView>()
        .RequirePermission(Permissions.CatalogWrite);

    private static async Task<IResult> Handle(
        string sku, MoveStockRequest request, Caller caller, HttpContext http, InventoryDb db, ForgeIds ids, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var errors = new ValidationErrors();
        if (!Sku.TryNormalise(sku, out var canonical))
            errors.Add("sku", ProductRules.SkuForm);
        errors.Add("change", ProductRules.Change(request.Change));
        var (reason, badReason) = DisplayName.Check(request.Reason, "A reason", 1, 200);
        errors.Add("reason", badReason);
        var key = IdempotencyKey.Of(http.Request, out var badKey);
        errors.Add(IdempotencyKey.Header, key is null ? badKey : ids.RefusalOfReference(caller.Id, key));
        if (errors.Any)
            return errors.ToProblem();

        var (id, now) = (ids.Product(canonical!), time.GetUtcNow().AsStored());
        var movement = new StockMovement(id, caller.Id, key!, request.Change!.Value, reason!, now);
        return await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            if (await db.Products.SingleOrDefaultAsync(product => product.Id == id, token) is not { } product)
                return ProductRules.NotFound();
            ids.Verify(product.Id, product.Sku);
            if (await db.Movements.FindAsync([id, caller.Id, key], token) is { } known)
                return known.IsSame(movement) ? TypedResults.Ok(ProductView.Of(product)) : Reused();
            if (Preconditions.Check(http, ProductView.Of(product)) is { } refused)
                return refused;
            if (product.Available + movement.Change is < 0 or > ProductRules.MaxStock)
                return Impossible(product);
            product.Move(movement.Change, now);
            db.Movements.Add(movement);
            db.Emit(product, product.Changed(), MessageOrigin.OfRequest());
            return TypedResults.Ok(ProductView.Of(product));
        }, cancellationToken);
    }

    private static ProblemResult Reused() =>
        Problems.Unprocessable("idempotency-key-reused", "This Idempotency-Key was used for a stock movement with a different body.");

    private static ProblemResult Impossible(Product product) => Problems
        .Conflict("insufficient-stock", $"After this movement, a stock of 0 to {ProductRules.MaxStock} has to be available.")
        .With("available", product.Available);
}

/// <summary>A movement of stock that an administrator made, under the Idempotency-Key of its request.</summary>
public sealed class StockMovement(ProductId productId, UserId userId, string reference, int change, string reason, DateTimeOffset movedAt)
{
    public ProductId ProductId { get; private set; } = productId;

    /// <summary>The caller. Two callers may use the same key.</summary>
    public UserId UserId { get; private set; } = userId;

    /// <summary>The client's Idempotency-Key.</summary>
    public string Reference { get; private set; } = reference;

    /// <summary>Pieces that were added, or taken out if negative.</summary>
    public int Change { get; private set; } = change;

    public string Reason { get; private set; } = reason;

    public DateTimeOffset MovedAt { get; private set; } = movedAt;

    public bool IsSame(StockMovement other) => Change == other.Change && Reason == other.Reason;
}

using Npgsql;

namespace ForgeShop.Orders;

/// <summary>
/// POST /api/v1/orders with an Idempotency-Key. The order's ID is derived from the key, so concurrent and later duplicates are the same
/// order.
/// </summary>
public static class PlaceOrder
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/", Handle)
        .WithName("PlaceOrder")
        .WithSummary(
            "Places an order. Its ID is derived from the user and the Idempotency-Key; sent again, the answer is the order as it is now.")
        .WithIdempotencyKey()
        .WithErrorCodes((409, "price-changed"), (422, "unknown-product"), (422, "mixed-currencies"), (422, "idempotency-key-reused"))
        .WithErrorCodes((503, "inventory-unavailable"))
        .WithRequestExample(new { items = new[] { new { sku = "TEA-1", quantity = 2 } }, expectedTotal = new Money(9.98m, "EUR") })
        .Produces<OrderView>(StatusCodes.Status202Accepted)
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable)
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(
        PlaceOrderRequest.Body body, Caller caller, HttpContext http, OrdersDb db, EntityCache<CachedOrder> cache, ProductPrices prices,
        CheckoutProcess checkout, ForgeIds ids, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!PlaceOrderRequest.TryUnderstand(caller.Id, body, http.Request, ids, out var request, out var errors))
            return errors.ToProblem();

        var fingerprint = RequestFingerprint.Of(request);
        // Fast path for a retry, without prices and mostly without the database. The insert below is the authoritative check.
        var known = await cache.FindAsync(
            request.OrderId.Value,
            (services, token) => Find(services.GetRequiredService<OrdersDb>(), ids, request.OrderId, token), cancellationToken);
        if (known is not null)
            return Replay(known, fingerprint);

        var priced = await prices.OfAsync(request.Items, cancellationToken);
        if (priced.Problem is not null)
            return await RefuseAsync(priced.Problem);

        var lines = request.Items.Select((item, position) => Line(ids, request.OrderId, position, item, priced.Products[item.Sku]));
        var order = Order.Place(
            request.OrderId, request.UserId, request.Reference, fingerprint, request.PaymentMethod, lines, time.GetUtcNow());
        if (request.ExpectedTotal is { } expected && expected != order.Total)
            return await RefuseAsync(PriceChanged(order.Total));

        // One transaction: the order, its event and first command (outbox), and the state of its checkout. All of it is one batch, which
        // PostgreSQL commits or rolls back as a whole, so BEGIN and COMMIT would only cost a round trip. Without them SaveChanges has no
        // retries of its own.
        db.Database.AutoTransactionBehavior = AutoTransactionBehavior.Never;
        var origin = MessageOrigin.OfRequest();
        db.Orders.Add(order);
        var placed = db.Emit(order, order.Placed(), origin);
        db.Sagas.Add(checkout.Start(order, origin with { CausationId = placed }));
        try
        {
            await db.Database.CreateExecutionStrategy().ExecuteAsync(db.SaveChangesAsync, cancellationToken);
        }
        catch (DbUpdateException error) when (error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            // A concurrent duplicate was first; its order, checkout and messages are stored, and these are rolled back.
            db.ChangeTracker.Clear();
            if (await Find(db, ids, request.OrderId, cancellationToken) is { } first)
                return Replay(first, fingerprint);
            throw;
        }

        return Accepted(OrderView.Of(order));

        // What this request saw may have changed since the same request, sent twice at once, placed the order.
        async Task<IResult> RefuseAsync(IResult refusal) =>
            await Find(db, ids, request.OrderId, cancellationToken) is { } stored ? Replay(stored, fingerprint) : refusal;
    }

    private static async Task<CachedOrder?> Find(OrdersDb db, ForgeIds ids, OrderId id, CancellationToken cancellationToken)
    {
        if (await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken) is not { } order)
            return null;
        ids.Verify(order.Id, order.UserId, order.Reference);
        return CachedOrder.Of(order);
    }

    private static IResult Replay(CachedOrder known, byte[] fingerprint) => known.Fingerprint.AsSpan().SequenceEqual(fingerprint)
        ? Accepted(known.Order)
        : Problems.Unprocessable("idempotency-key-reused", "This Idempotency-Key was used for an order with a different body.");

    // The key is still free, because nothing is stored. The client sends the request again with the total that the customer accepts.
    private static ProblemResult PriceChanged(Money total) =>
        Problems.Conflict("price-changed", $"This order costs {total} now. Show it to the customer, and expect that.").With("total", total);

    private static IResult Accepted(OrderView order) => TypedResults.Accepted($"/api/v1/orders/{order.Id}", order);

    private static OrderLine Line(ForgeIds ids, OrderId order, int position, OrderedItem item, ProductCopy product) =>
        new(ids.OrderLine(order, product.Id), position, product.Id, product.Sku, product.Name, item.Quantity, product.Price);
}

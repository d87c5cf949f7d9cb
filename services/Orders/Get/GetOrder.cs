namespace ForgeShop.Orders;

/// <summary>GET /api/v1/orders/{id}</summary>
public static class GetOrder
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}", Handle)
        .WithSummary("Shows an order as it is now.")
        .WithErrorCodes((404, "order-not-found"))
        .Produces<OrderView>()
        .RequirePermission(Permissions.OrdersSelf, Permissions.OrdersRead);

    private static async Task<IResult> Handle(
        OrderId id, Caller caller, OrdersDb db, EntityCache<CachedOrder> cache, CancellationToken cancellationToken)
    {
        var cached = await cache.GetAsync(
            id.Value, (services, token) => LoadAsync(services.GetRequiredService<OrdersDb>(), id, caller, token), cancellationToken);
        if (cached is not null && caller.MaySee(cached.Order.UserId, Permissions.OrdersRead))
            return TypedResults.Ok(cached.Order);
        // Another user's order gets the same answer as an unknown one, after the same work, cached or not.
        if (cached is not null)
            await LoadAsync(db, id, caller, cancellationToken);
        return Problems.NotFound("order-not-found", "There is no such order.");
    }

    private static async Task<CachedOrder?> LoadAsync(OrdersDb db, OrderId id, Caller caller, CancellationToken cancellationToken)
    {
        var maySeeAll = caller.Permissions.Contains(Permissions.OrdersRead);
        var order = await db.Orders.AsNoTracking()
            .SingleOrDefaultAsync(order => order.Id == id && (maySeeAll || order.UserId == caller.Id), cancellationToken);
        return order is null ? null : CachedOrder.Of(order);
    }
}

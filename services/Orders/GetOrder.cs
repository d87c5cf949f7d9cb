using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Orders;

/// <summary>GET /api/v1/orders/{id}</summary>
public static class GetOrder
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}", Handle)
        .WithName("GetOrder")
        .WithSummary("Shows an order as it is now.")
        .Produces<OrderView>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permissions.OrdersSelf, Permissions.OrdersRead);

    private static async Task<IResult> Handle(OrderId id, Caller caller, OrdersDb db, EntityCache<CachedOrder> cache, CancellationToken cancellationToken)
    {
        if (await cache.FindAsync(id.Value) is { } cached && caller.MaySee(cached.Order.UserId, Permissions.OrdersRead))
            return TypedResults.Ok(cached.Order);
        // Somebody else's order is answered as one that does not exist, and with the same work, be it in the cache or not: nobody learns that it does,
        // nor puts it into the cache.
        return await db.MaySeeAsync(id, caller, cancellationToken)
            && await cache.LoadAsync(id.Value, (services, token) => Load(services.GetRequiredService<OrdersDb>(), id, token), cancellationToken) is { } loaded
            ? TypedResults.Ok(loaded.Order)
            : Problems.NotFound("order-not-found", "There is no such order.");
    }

    private static async Task<CachedOrder?> Load(OrdersDb db, OrderId id, CancellationToken cancellationToken) =>
        await db.Orders.AsNoTracking().SingleOrDefaultAsync(order => order.Id == id, cancellationToken) is { } order ? CachedOrder.Of(order) : null;
}

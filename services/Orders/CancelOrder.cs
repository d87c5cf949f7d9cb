using ForgeShop.Contracts;
using ForgeShop.Orders.Checkout;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Orders;

/// <summary>POST /api/v1/orders/{id}/cancel</summary>
public static class CancelOrder
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{id}/cancel", Handle)
        .WithName("CancelOrder")
        .WithSummary("Cancels an order, wherever its checkout stands and also once it is confirmed: what was taken is given back.")
        .Produces<OrderView>(StatusCodes.Status202Accepted)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(OrderId id, Caller caller, OrdersDb db, CheckoutProcess process, CancellationToken cancellationToken)
    {
        var begun = false;
        var order = await db.InTransactionAsync(
            token => process.StepAsync(id, (saga, order, scope) => begun = caller.Is(order.UserId) && saga.Cancel(order, scope), token), cancellationToken);
        // Somebody else's order is answered as one that does not exist, also to those who may see it: cancelling is the customer's.
        if (order is null || !caller.Is(order.UserId))
            return Problems.NotFound("order-not-found", "There is no such order.");
        return begun
            ? TypedResults.Accepted($"/api/v1/orders/{order.Id}", OrderView.Of(order))
            : Problems.Conflict("order-not-cancellable", $"The order is {order.Status.ToName()} already.");
    }
}

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
        // Somebody else's order is answered as one that does not exist, also to those who may see it: cancelling is the customer's. And before anything is
        // locked, or a stranger could hold up its checkout.
        if (!await db.IsOwnAsync(id, caller, cancellationToken))
            return NotFound();
        // Tried again because nobody heard of a commit, it finds that there is nothing to cancel any more: it was this request that did it.
        var begun = false;
        var order = await db.InTransactionAsync(token => process.StepAsync(id, (saga, order, scope) => begun |= saga.Cancel(order, scope), token), cancellationToken);
        if (order is null)
            return NotFound();
        return begun
            ? TypedResults.Accepted($"/api/v1/orders/{order.Id}", OrderView.Of(order))
            : Problems.Conflict("order-not-cancellable", $"The order is {order.Status.ToName()} already.");
    }

    private static ProblemResult NotFound() => Problems.NotFound("order-not-found", "There is no such order.");
}

using ForgeShop.Contracts;
using ForgeShop.Messaging;
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
        .ProducesValidationProblem()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(
        OrderId id, NoMembers? body, Caller caller, HttpContext http, OrdersDb db, CheckoutProcess process, CancellationToken cancellationToken)
    {
        // The order of another user is answered like an unknown one, before any lock is taken. Cancelling is the owner's alone.
        if (!await db.IsOwnAsync(id, caller, cancellationToken))
            return NotFound();
        var origin = MessageOrigin.OfRequest();
        IResult? refused = null;
        var order = await db.InTransactionAsync(token => process.StepAsync(id, origin, Cancel, token), cancellationToken);
        if (order is null)
            return NotFound();
        if (refused is not null)
            return refused;
        // Also to whoever repeats the request, whose first answer may be lost.
        return order.Reason is CancelReason.CustomerRequest
            ? TypedResults.Accepted($"/api/v1/orders/{order.Id}", OrderView.Of(order))
            : Problems.Conflict("order-not-cancellable", $"The order is {order.Status.ToName()} already.");

        void Cancel(CheckoutSaga saga, Order order, CheckoutScope scope)
        {
            refused = order.Reason is CancelReason.CustomerRequest ? null : Preconditions.Check(http, OrderView.Of(order));
            if (refused is null)
                saga.Handle(CheckoutTrigger.CancelledByCustomer, order, scope);
        }
    }

    private static ProblemResult NotFound() => Problems.NotFound("order-not-found", "There is no such order.");
}

namespace ForgeShop.Orders;

/// <summary>POST /api/v1/orders/{id}/cancel</summary>
public static class CancelOrder
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{id}/cancel", Handle)
        .WithSummary(
            "Cancels an order at any step of its checkout, also after its confirmation. Stock is released and the payment refunded.")
        .WithIfMatch()
        .WithErrorCodes((404, "order-not-found"), (409, "order-not-cancellable"))
        .Produces<OrderView>(StatusCodes.Status202Accepted)
        .RequirePermission(Permissions.OrdersSelf);

    private static async Task<IResult> Handle(
        OrderId id, NoMembers? body, Caller caller, HttpContext http, OrdersDb db, CheckoutProcess process,
        CancellationToken cancellationToken)
    {
        // The order of another user gets the same answer as an unknown one, before any lock is taken. Only the owner may cancel.
        if (!await db.IsOwnAsync(id, caller, cancellationToken))
            return NotFound();
        var origin = MessageOrigin.OfRequest();
        IResult? refused = null;
        var order = await db.InTransactionAsync(token => process.StepAsync(id, origin, Cancel, token), cancellationToken);
        if (order is null)
            return NotFound();
        if (refused is not null)
            return refused;
        // A retry gets the same answer, because the first one may be lost.
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

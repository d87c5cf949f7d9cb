using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Orders.Checkout;

/// <summary>The answers of Inventory and Payments take a checkout on.</summary>
public sealed partial class CheckoutHandlers(CheckoutProcess process, ILogger<CheckoutHandlers> logger) :
    IEventHandler<StockReserved>, IEventHandler<ReservationFailed>, IEventHandler<StockReleased>,
    IEventHandler<PaymentCharged>, IEventHandler<PaymentDeclined>, IEventHandler<PaymentRefunded>
{
    public Task HandleAsync(StockReserved reserved, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(reserved.OrderId, context, (saga, order, scope) => saga.OnReserved(order, scope), cancellationToken);

    public Task HandleAsync(ReservationFailed failed, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(failed.OrderId, context, (saga, order, scope) => saga.OnReservationFailed(order, scope), cancellationToken);

    public Task HandleAsync(StockReleased released, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(released.OrderId, context, (saga, order, scope) => saga.OnReleased(order, scope), cancellationToken);

    public Task HandleAsync(PaymentCharged charged, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(charged.OrderId, context, (saga, order, scope) => saga.OnCharged(order, scope), cancellationToken);

    public Task HandleAsync(PaymentDeclined declined, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(declined.OrderId, context, (saga, order, scope) => saga.OnDeclined(order, scope), cancellationToken);

    public Task HandleAsync(PaymentRefunded refunded, EventContext context, CancellationToken cancellationToken) =>
        StepAsync(refunded.OrderId, context, (saga, order, scope) => saga.OnRefunded(order, scope), cancellationToken);

    private async Task StepAsync(OrderId order, EventContext context, Action<CheckoutSaga, Order, CheckoutScope> step, CancellationToken cancellationToken)
    {
        if (await process.StepAsync(order, step, cancellationToken) is null)
            LogNobodysOrder(logger, context.Type, order);
    }

    [LoggerMessage(LogLevel.Warning, "{Type} speaks of order {Order}, which has no checkout here")]
    private static partial void LogNobodysOrder(ILogger logger, string type, OrderId order);
}

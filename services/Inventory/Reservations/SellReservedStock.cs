using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Inventory.Reservations;

/// <summary>
/// A confirmed order's stock is sold. Its release may come first, since it travels in another topic: then it is given back already, and stays so.
/// </summary>
public sealed class SellReservedStock(InventoryDb db, Stock stock, ForgeIds ids, TimeProvider time) : IEventHandler<OrderConfirmed>
{
    public async Task HandleAsync(OrderConfirmed confirmed, EventContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.LockReservationAsync(ids.Reservation(confirmed.OrderId), cancellationToken);
        if (reservation is not null && reservation.Sell(time.GetUtcNow()))
            await stock.SellAsync(reservation.Lines, cancellationToken);
    }
}

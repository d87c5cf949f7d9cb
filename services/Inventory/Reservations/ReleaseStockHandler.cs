using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Inventory.Reservations;

/// <summary>Gives back what an order holds, whatever that is by now. Answers every time: the last answer may have been lost.</summary>
public sealed class ReleaseStockHandler(InventoryDb db, Stock stock, TimeProvider time) : IEventHandler<ReleaseStock>
{
    public async Task HandleAsync(ReleaseStock command, EventContext context, CancellationToken cancellationToken)
    {
        var reservation = await db.LockReservationAsync(command.ReservationId, cancellationToken);
        if (reservation is null)
        {
            // Released before it was reserved, because that command was slower or was lost: it must not be carried out any more.
            reservation = db.Reservations.Add(new Reservation(command.ReservationId, command.OrderId, ReservationStatus.Released, [], time.GetUtcNow())).Entity;
        }
        else
        {
            var before = reservation.Release(time.GetUtcNow());
            if (before is ReservationStatus.Reserved)
                await stock.GiveBackReservedAsync(reservation.Lines, cancellationToken);
            else if (before is ReservationStatus.Sold)
                await stock.GiveBackSoldAsync(reservation.Lines, cancellationToken);
        }

        db.Emit(reservation, new StockReleased(reservation.Id, reservation.OrderId));
    }
}

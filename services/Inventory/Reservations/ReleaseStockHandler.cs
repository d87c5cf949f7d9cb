namespace ForgeShop.Inventory;

/// <summary>Releases the stock of orders, reserved or sold. Each command is answered: an earlier answer may be lost.</summary>
public sealed class ReleaseStockHandler(InventoryDb db, ForgeIds ids, TimeProvider time) : IBatchHandler<ReleaseStock>
{
    public async Task HandleAsync(IReadOnlyList<Received<ReleaseStock>> events, CancellationToken cancellationToken)
    {
        await db.LockStockAsync(cancellationToken);
        var reservations = await db.FindReservationsAsync(events.Select(command => command.Data.ReservationId), ids, cancellationToken);
        var products = await db.FindProductsAsync(reservations.Values, cancellationToken);
        var now = time.GetUtcNow();
        foreach (var (command, context) in events)
        {
            if (!reservations.TryGetValue(command.ReservationId, out var reservation))
            {
                // The reserve command is late or lost. This row makes it have no effect on arrival.
                reservation = db.Reservations.Add(new(command.ReservationId, command.OrderId, ReservationStatus.Released, [], now)).Entity;
            }
            var before = reservation.Release(now);
            foreach (var line in reservation.Lines)
            {
                if (before is ReservationStatus.Reserved)
                    products[line.ProductId].Release(line.Quantity, now);
                else if (before is ReservationStatus.Sold)
                    products[line.ProductId].Restock(line.Quantity, now);
            }
            db.Emit(reservation, new StockReleased(reservation.Id, reservation.OrderId), context.Origin);
        }
    }
}

namespace ForgeShop.Inventory;

/// <summary>Sells the stock of confirmed orders. A release may arrive first; then the stock stays released.</summary>
public sealed class OrderConfirmedHandler(InventoryDb db, ForgeIds ids, TimeProvider time) : IBatchHandler<OrderConfirmed>
{
    public async Task HandleAsync(IReadOnlyList<Received<OrderConfirmed>> events, CancellationToken cancellationToken)
    {
        await db.LockStockAsync(cancellationToken);
        var reservations = await db.FindReservationsAsync(
            events.Select(confirmed => ids.Reservation(confirmed.Data.OrderId)), ids, cancellationToken);
        var products = await db.FindProductsAsync(reservations.Values, cancellationToken);
        var now = time.GetUtcNow();
        foreach (var reservation in reservations.Values.Where(reservation => reservation.Sell(now)))
        {
            foreach (var line in reservation.Lines)
                products[line.ProductId].Sell(line.Quantity);
        }
    }
}

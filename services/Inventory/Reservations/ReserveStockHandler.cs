namespace ForgeShop.Inventory;

/// <summary>Reserves all lines of an order or none, in the order of arrival. A batch reads and writes a product once.</summary>
public sealed class ReserveStockHandler(InventoryDb db, ForgeIds ids, TimeProvider time) : IBatchHandler<ReserveStock>
{
    public async Task HandleAsync(IReadOnlyList<Received<ReserveStock>> events, CancellationToken cancellationToken)
    {
        await db.LockStockAsync(cancellationToken);
        var existing = await db.FindReservationsAsync(events.Select(command => command.Data.ReservationId), ids, cancellationToken);
        // An existing reservation was answered when it was made, or it was released before this command arrived.
        var fresh = events.Where(command => !existing.ContainsKey(command.Data.ReservationId)).ToList();
        var products = await db.FindProductsAsync(
            fresh.SelectMany(command => command.Data.Lines).Select(line => line.ProductId), cancellationToken);
        var now = time.GetUtcNow();
        foreach (var (command, context) in fresh)
            Reserve(command, products, now, context.Origin);
    }

    private void Reserve(ReserveStock command, Dictionary<ProductId, Product> products, DateTimeOffset now, MessageOrigin origin)
    {
        var missing = command.Lines
            .Select(line => new MissingStock(line.ProductId, line.Quantity, products.GetValueOrDefault(line.ProductId)?.Available ?? 0))
            .Where(line => line.Available < line.Wanted).ToList();
        var status = missing.Count == 0 ? ReservationStatus.Reserved : ReservationStatus.Failed;
        var lines = command.Lines.Select(line => new ReservationLine(line.ProductId, line.Quantity));
        var reservation = db.Reservations.Add(new(command.ReservationId, command.OrderId, status, lines, now)).Entity;
        if (status is ReservationStatus.Failed)
        {
            db.Emit(reservation, new ReservationFailed(reservation.Id, reservation.OrderId, missing), origin);
            return;
        }
        foreach (var line in reservation.Lines)
            products[line.ProductId].Reserve(line.Quantity, now);
        db.Emit(reservation, new StockReserved(reservation.Id, reservation.OrderId), origin);
    }
}

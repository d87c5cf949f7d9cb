using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory.Reservations;

/// <summary>Sets stock aside for an order, all lines or none, and says which.</summary>
public sealed class ReserveStockHandler(InventoryDb db, Stock stock, TimeProvider time) : IEventHandler<ReserveStock>
{
    public async Task HandleAsync(ReserveStock command, EventContext context, CancellationToken cancellationToken)
    {
        // Asked for once already, or released before it was ever asked for: then nobody wants it any more, and whoever released it was answered.
        if (await db.LockReservationAsync(command.ReservationId, cancellationToken) is not null)
            return;

        var lines = command.Lines.Select(line => new ReservationLine(line.ProductId, line.Quantity)).ToList();
        var reserved = await stock.TryReserveAsync(lines, cancellationToken);
        var status = reserved ? ReservationStatus.Reserved : ReservationStatus.Failed;
        var reservation = db.Reservations.Add(new Reservation(command.ReservationId, command.OrderId, status, lines, time.GetUtcNow())).Entity;
        if (reserved)
            db.Emit(reservation, new StockReserved(reservation.Id, reservation.OrderId));
        else
            db.Emit(reservation, new ReservationFailed(reservation.Id, reservation.OrderId, await MissingAsync(lines, cancellationToken)));
    }

    private async Task<IReadOnlyList<MissingStock>> MissingAsync(List<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var ids = lines.ConvertAll(line => line.ProductId);
        var available = await db.Products.AsNoTracking().Where(product => ids.Contains(product.Id))
            .Select(product => new { product.Id, Available = product.OnHand - product.Reserved }).ToDictionaryAsync(product => product.Id, product => product.Available, cancellationToken);
        return [.. lines.Select(line => new MissingStock(line.ProductId, line.Quantity, available.GetValueOrDefault(line.ProductId))).Where(line => line.Available < line.Wanted)];
    }
}

using ForgeShop.Contracts;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory.Reservations;

internal static class ReservationLock
{
    /// <summary>The reservation, for this transaction alone. Commands and the order's events arrive by different topics, and so possibly at once.</summary>
    public static async Task<Reservation?> LockReservationAsync(this InventoryDb db, ReservationId id, CancellationToken cancellationToken)
    {
        await db.Database.ExecuteSqlAsync($"select 1 from reservations where id = {id.Value} for update", cancellationToken);
        return await db.Reservations.SingleOrDefaultAsync(reservation => reservation.Id == id, cancellationToken);
    }
}

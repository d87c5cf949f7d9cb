using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory.Reservations;

/// <summary>
/// The only statements by which orders move stock. Each is one UPDATE that decides and changes at once; the rows of several products are always locked in
/// the order of their IDs, so that two orders never wait for each other. Availability is announced a little later, see <see cref="AvailabilityAnnouncer"/>.
/// </summary>
public sealed class Stock(InventoryDb db, TimeProvider time)
{
    private const string Savepoint = "stock";

    private DateTimeOffset AnnounceAt => time.GetUtcNow() + AvailabilityAnnouncer.Delay;

    /// <summary>Sets all lines aside, or none where one of them is short.</summary>
    public async Task<bool> TryReserveAsync(IReadOnlyList<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var (ids, quantities) = await LockAsync(lines, cancellationToken);
        var transaction = db.Database.CurrentTransaction!;
        await transaction.CreateSavepointAsync(Savepoint, cancellationToken);
        var taken = await db.Database.ExecuteSqlAsync(
            $"""
            update products p set reserved = p.reserved + line.quantity, announce_at = coalesce(p.announce_at, {AnnounceAt})
            from unnest({ids}, {quantities}) as line (id, quantity)
            where p.id = line.id and p.on_hand - p.reserved >= line.quantity
            """,
            cancellationToken);
        if (taken == lines.Count)
            return true;
        await transaction.RollbackToSavepointAsync(Savepoint, cancellationToken);
        return false;
    }

    /// <summary>What was set aside leaves the house. What is available does not change.</summary>
    public async Task SellAsync(IReadOnlyList<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var (ids, quantities) = await LockAsync(lines, cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            update products p set on_hand = p.on_hand - line.quantity, reserved = p.reserved - line.quantity
            from unnest({ids}, {quantities}) as line (id, quantity) where p.id = line.id
            """,
            cancellationToken);
    }

    /// <summary>What was set aside is available again.</summary>
    public async Task GiveBackReservedAsync(IReadOnlyList<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var (ids, quantities) = await LockAsync(lines, cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            update products p set reserved = p.reserved - line.quantity, announce_at = coalesce(p.announce_at, {AnnounceAt})
            from unnest({ids}, {quantities}) as line (id, quantity) where p.id = line.id
            """,
            cancellationToken);
    }

    /// <summary>What was sold is on hand again.</summary>
    public async Task GiveBackSoldAsync(IReadOnlyList<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var (ids, quantities) = await LockAsync(lines, cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            update products p set on_hand = p.on_hand + line.quantity, announce_at = coalesce(p.announce_at, {AnnounceAt})
            from unnest({ids}, {quantities}) as line (id, quantity) where p.id = line.id
            """,
            cancellationToken);
    }

    private async Task<(Guid[] Ids, int[] Quantities)> LockAsync(IReadOnlyList<ReservationLine> lines, CancellationToken cancellationToken)
    {
        var ids = lines.Select(line => line.ProductId.Value).ToArray();
        await db.Database.ExecuteSqlAsync($"select 1 from products where id = any({ids}) order by id for update", cancellationToken);
        return (ids, [.. lines.Select(line => line.Quantity)]);
    }
}

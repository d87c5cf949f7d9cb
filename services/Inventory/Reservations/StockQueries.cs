namespace ForgeShop.Inventory;

internal static class StockQueries
{
    // One lock for the whole stock instead of row locks. A batch runs several handlers, each with its own rows, so row locks of two batches
    // can deadlock. A reservation that does not exist yet has no row to lock. Batches that share a product are serialized in any case.
    private const string Lock = "SELECT pg_advisory_xact_lock(hashtext('forgeshop.inventory.stock'))";

    /// <summary>Takes the stock lock until the commit; other transactions that change stock wait. Call it before the first read.</summary>
    public static Task LockStockAsync(this InventoryDb db, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlRawAsync(Lock, cancellationToken);

    /// <summary>Returns those of the reservations that exist, with their lines, and verifies their IDs.</summary>
    public static async Task<Dictionary<ReservationId, Reservation>> FindReservationsAsync(
        this InventoryDb db, IEnumerable<ReservationId> wanted, ForgeIds ids, CancellationToken cancellationToken)
    {
        var keys = wanted.ToArray();
        var reservations = await db.Reservations.Where(reservation => keys.Contains(reservation.Id))
            .ToDictionaryAsync(reservation => reservation.Id, cancellationToken);
        foreach (var reservation in reservations.Values)
            ids.Verify(reservation.Id, reservation.OrderId);
        return reservations;
    }

    /// <summary>Returns those of the products that exist.</summary>
    public static async Task<Dictionary<ProductId, Product>> FindProductsAsync(
        this InventoryDb db, IEnumerable<ProductId> wanted, CancellationToken cancellationToken)
    {
        var ids = wanted.Distinct().ToArray();
        return ids.Length == 0
            ? []
            : await db.Products.Where(product => ids.Contains(product.Id)).ToDictionaryAsync(product => product.Id, cancellationToken);
    }

    /// <inheritdoc cref="FindProductsAsync(InventoryDb, IEnumerable{ProductId}, CancellationToken)"/>
    public static Task<Dictionary<ProductId, Product>> FindProductsAsync(
        this InventoryDb db, IEnumerable<Reservation> reservations, CancellationToken cancellationToken) =>
        db.FindProductsAsync(reservations.SelectMany(reservation => reservation.Lines).Select(line => line.ProductId), cancellationToken);
}

namespace ForgeShop.Inventory;

/// <summary>
/// Publishes changes of availability at most once a second for each product. One event for each reservation would be most of the shop's
/// messages, and almost all would be outdated on arrival.
/// </summary>
public sealed class AvailabilityAnnouncer(WorkerServices services) : PollingWorker(services)
{
    private const int BatchSize = 50;

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<InventoryDb>();
        var now = Time.GetUtcNow();
        // A due time beyond the delay was written before the clock was set back.
        var latest = now + Product.AnnouncementDelay;
        // ORDER BY makes the planner use the partial index; a prepared EXISTS scans the table.
        var next = db.Products.Where(product => product.AnnounceAt <= now || product.AnnounceAt > latest)
            .OrderBy(product => product.AnnounceAt);
        if (await next.Select(product => product.AnnounceAt).FirstOrDefaultAsync(cancellationToken) is null)
            return false;
        return await db.InTransactionAsync(async token =>
        {
            await db.LockStockAsync(token);
            var due = await next.Take(BatchSize).ToListAsync(token);
            foreach (var product in due)
                db.Emit(product, product.Announce(now), MessageOrigin.None);
            return due.Count == BatchSize;
        }, cancellationToken);
    }
}

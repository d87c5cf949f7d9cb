using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory.Reservations;

/// <summary>
/// Announces the availability of products that orders changed, at most once a second for each product. One event for each reservation would be most of the
/// shop's messages, and all but the last would be out of date on arrival.
/// </summary>
public sealed class AvailabilityAnnouncer(WorkerServices services) : PollingWorker(services)
{
    private const int BatchSize = 50;

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<InventoryDb>();
        var now = Time.GetUtcNow();
        // A time further ahead than the delay was written before the clock was set back.
        var latest = now + Product.AnnouncementDelay;
        // Ordered, so that the planner uses the partial index: for EXISTS it scans the table, once the statement is prepared.
        var next = db.Products.Where(product => product.AnnounceAt <= now || product.AnnounceAt > latest).OrderBy(product => product.AnnounceAt);
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

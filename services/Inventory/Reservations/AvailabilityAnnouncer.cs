using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Inventory.Reservations;

/// <summary>
/// Announces how much of a product is available after orders took some or gave it back: once for all of them, at most once a second a product. An event a
/// reservation would be most of what Kafka carries on a busy day, and all but the last of them would be out of date when they arrive.
/// </summary>
public sealed class AvailabilityAnnouncer(WorkerServices services) : PollingWorker(services)
{
    /// <summary>How long changes are collected.</summary>
    public static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);

    private const int Batch = 50;

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<InventoryDb>();
        return await db.InTransactionAsync(async token =>
        {
            var now = Time.GetUtcNow();
            // Another replica's products are skipped, and so is one that is just being sold: it will still be due in a second.
            var due = await db.Database.SqlQuery<Guid>(
                $"""select id as "Value" from products where announce_at <= {now} order by announce_at limit {Batch} for update skip locked""").ToListAsync(token);
            var ids = due.ConvertAll(id => new Contracts.ProductId(id));
            foreach (var product in await db.Products.Where(product => ids.Contains(product.Id)).ToListAsync(token))
                db.Emit(product, product.Announce(now));
            return due.Count == Batch;
        }, cancellationToken);
    }
}

using ForgeShop.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ForgeShop.Caching;

/// <summary>Raises the versions of changed entities before the commit. The next reader stores the new view.</summary>
internal sealed class CachedEntityInterceptor<TEntity, TView>(Lazy<EntityCache<TView>> cache, Func<TEntity, TView> show)
    : SaveChangesInterceptor
    where TEntity : class where TView : class, ICachedView
{
    public override async ValueTask<InterceptionResult<int>> SavingChangesAsync(
        DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is not { } db)
            return result;
        var changed = ChangedIn(db);
        var announced = await Task.WhenAll(changed.Select(view => cache.Value.TryAnnounceAsync(view, cancellationToken)));
        // During an outage of Redis, FusionCache keeps the view and stores it afterwards, and the version with it.
        foreach (var (view, _) in changed.Zip(announced).Where(one => !one.Second))
            db.AfterCommit(() => cache.Value.PutAsync(view));
        return result;
    }

    private List<TView> ChangedIn(DbContext db)
    {
        // SaveChanges is about to detect all changes; here the versions suffice.
        var detect = db.ChangeTracker.AutoDetectChangesEnabled;
        db.ChangeTracker.AutoDetectChangesEnabled = false;
        try
        {
            return [.. from entry in db.ChangeTracker.Entries<TEntity>()
                       let version = entry.Property<long>(nameof(ICachedView.Version))
                       where version.CurrentValue != version.OriginalValue
                       select show(entry.Entity)];
        }
        finally
        {
            db.ChangeTracker.AutoDetectChangesEnabled = detect;
        }
    }
}

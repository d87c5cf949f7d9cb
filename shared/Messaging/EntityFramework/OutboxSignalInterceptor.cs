using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace ForgeShop.Messaging;

/// <summary>Wakes the relay once events are committed: after SaveChanges, or after the commit of the transaction around it.</summary>
internal sealed class OutboxSignalInterceptor(OutboxSignal signal) : SaveChangesInterceptor, IDbTransactionInterceptor
{
    // Contexts are pooled and short-lived: remembered weakly, and never touched.
    private readonly ConditionalWeakTable<DbContext, object> _emitted = [];

    public void Emitted(DbContext db) => _emitted.TryAdd(db, this);

    public override int SavedChanges(SaveChangesCompletedEventData eventData, int result)
    {
        Saved(eventData.Context);
        return result;
    }

    public override ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        Saved(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public void TransactionCommitted(DbTransaction transaction, TransactionEndEventData eventData) => Committed(eventData.Context);

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        Committed(eventData.Context);
        return Task.CompletedTask;
    }

    private void Saved(DbContext? db)
    {
        if (db?.Database.CurrentTransaction is null)
            Committed(db);
    }

    private void Committed(DbContext? db)
    {
        if (db is not null && _emitted.Remove(db))
            signal.Set();
    }
}

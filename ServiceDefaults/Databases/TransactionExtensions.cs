using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace ForgeShop.ServiceDefaults;

public static class TransactionExtensions
{
    /// <summary>
    /// Runs <paramref name="work"/>, saves what it changed and commits, all or nothing. After a lost connection it is run again from the start, with
    /// nothing left of the earlier try: it decides by what it reads, so a commit whose answer was lost is not done twice.
    /// </summary>
    public static Task<T> InTransactionAsync<T>(this DbContext db, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async token =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(token);
            var result = await work(token);
            await db.SaveChangesAsync(token);
            await transaction.CommitAsync(token);
            return result;
        }, cancellationToken);

    /// <summary>Runs <paramref name="work"/>, which may begin a transaction, without the retries of the context: the caller has a backoff of its own.</summary>
    public static Task<T> WithoutRetriesAsync<T>(this DbContext db, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        new NonRetryingExecutionStrategy(db).ExecuteAsync(work, cancellationToken);

    private sealed class NonRetryingExecutionStrategy(DbContext db) : ExecutionStrategy(db, maxRetryCount: 0, maxRetryDelay: TimeSpan.Zero)
    {
        protected override bool ShouldRetryOn(Exception exception) => false;
    }
}

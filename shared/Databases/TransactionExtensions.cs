using Microsoft.EntityFrameworkCore.Storage;

namespace ForgeShop.Databases;

public static class TransactionExtensions
{
    /// <summary>
    /// Runs <paramref name="work"/>, saves its changes and commits them in one transaction. After a lost connection the work runs again
    /// from the start with an empty change tracker. It reads before it writes, so a commit whose confirmation was lost is not repeated.
    /// </summary>
    public static Task<T> InTransactionAsync<T>(
        this DbContext db, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async token =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(token);
            var result = await work(token);
            await db.SaveChangesAsync(token);
            await transaction.CommitAsync(token);
            return result;
        }, cancellationToken);

    /// <summary>Returns a time as PostgreSQL keeps it, in microseconds: answers and events before and after a reload are equal.</summary>
    public static DateTimeOffset AsStored(this DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    /// <summary>Runs <paramref name="work"/> without the retries of the context: the caller has its own backoff.</summary>
    public static Task<T> WithoutRetriesAsync<T>(
        this DbContext db, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        new NonRetryingExecutionStrategy(db).ExecuteAsync(work, cancellationToken);

    private sealed class NonRetryingExecutionStrategy(DbContext db) : ExecutionStrategy(db, maxRetryCount: 0, maxRetryDelay: TimeSpan.Zero)
    {
        protected override bool ShouldRetryOn(Exception exception) => false;
    }
}

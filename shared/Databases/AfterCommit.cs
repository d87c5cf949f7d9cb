using System.Data.Common;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace ForgeShop.Databases;

/// <summary>
/// Runs actions after a commit: wake a worker, refresh a cache. If the process is killed after the commit, no action runs; for this reason
/// each worker also polls.
/// </summary>
public static class AfterCommitExtensions
{
    public static IServiceCollection AddAfterCommit<TContext>(this IServiceCollection services) where TContext : DbContext =>
        services.AddSingleton<AfterCommitInterceptor>()
            .ConfigureDbContext<TContext>((provider, options) =>
            options.AddInterceptors(provider.GetRequiredService<AfterCommitInterceptor>()));

    /// <summary>Runs <paramref name="action"/> after the next commit. After a rollback it does not run.</summary>
    public static void AfterCommit(this DbContext db, Func<Task> action) => db.GetService<AfterCommitInterceptor>().Add(db, action);

    /// <inheritdoc cref="AfterCommit(DbContext, Func{Task})"/>
    public static void AfterCommit(this DbContext db, Action action) => db.AfterCommit(() =>
    {
        action();
        return Task.CompletedTask;
    });
}

internal sealed partial class AfterCommitInterceptor(ILogger<AfterCommitInterceptor> logger)
    : SaveChangesInterceptor, IDbTransactionInterceptor
{
    // Contexts are pooled and short-lived, so the reference is weak. Each action is kept with its transaction, or with null before one
    // begins. The next commit of the context drops the actions of a transaction that was rolled back.
    private readonly ConditionalWeakTable<DbContext, List<(Guid? Transaction, Func<Task> Action)>> _waiting = [];

    public void Add(DbContext db, Func<Task> action) =>
        _waiting.GetOrCreateValue(db).Add((db.Database.CurrentTransaction?.TransactionId, action));

    public override async ValueTask<int> SavedChangesAsync(
        SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context?.Database.CurrentTransaction is null)
            await RunAsync(eventData.Context, null);
        return result;
    }

    public Task TransactionCommittedAsync(
        DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
        RunAsync(eventData.Context, eventData.TransactionId);

    private async Task RunAsync(DbContext? db, Guid? transaction)
    {
        if (db is null || !_waiting.Remove(db, out var waiting))
            return;
        // In parallel: a batch refreshes many cache entries, one round trip each.
        await Task.WhenAll(
            waiting.Where(one => one.Transaction is null || one.Transaction == transaction).Select(one => RunAsync(one.Action)));
    }

    private async Task RunAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception error)
        {
            // The change is stored, so a failed action must not fail the caller.
            LogFailure(logger, error);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Post-commit action failed; the transaction is committed")]
    private static partial void LogFailure(ILogger logger, Exception error);
}

using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Messaging.Tests;

/// <summary>Steps that several tests take.</summary>
internal static class Servicing
{
    /// <summary>Runs the work in one transaction without retries, and commits.</summary>
    public static Task<T> InTransactionAsync<T>(DbContext db, Func<Task<T>> work) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
    {
        await using var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        var result = await work();
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        return result;
    });

    /// <summary>Replays the outbox as the operator's endpoint does.</summary>
    /// <returns>The number of messages.</returns>
    public static Task<long> ReplayAsync(CounterService service, TimeSpan ago) => service.InScopeAsync(db =>
        db.ReplayAsync(TimeProvider.System.GetUtcNow() - ago, TestContext.Current.CancellationToken));
}

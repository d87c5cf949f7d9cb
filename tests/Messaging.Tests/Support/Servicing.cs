using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

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
    public static async Task<long> ReplayAsync(CounterService service, TimeSpan ago)
    {
        var token = TestContext.Current.CancellationToken;
        var now = TimeProvider.System.GetUtcNow();
        var events = await service.InScopeAsync(db => ReplayOutbox.MarkAsync(db, now - ago, now, token));
        service.Services.GetRequiredService<OutboxRelay>().Wake();
        return events;
    }
}

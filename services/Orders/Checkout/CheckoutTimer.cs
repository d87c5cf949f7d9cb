using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Orders.Checkout;

/// <summary>
/// Ends waits that took too long. When a wait ends is written in the checkout's row, so it ends whichever process is alive then; and it is ended in the
/// transaction that found it due, so there is no claim that could be left behind.
/// </summary>
public sealed class CheckoutTimer(WorkerServices services) : PollingWorker(services)
{
    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        var process = scope.ServiceProvider.GetRequiredService<CheckoutProcess>();
        return await db.InTransactionAsync(async token =>
        {
            // One that another replica, or an answer that came at the last moment, is just changing is skipped.
            var due = await db.Database.SqlQuery<Guid>(
                $"""select order_id as "Value" from sagas where due_at <= {Time.GetUtcNow()} order by due_at limit 1 for update skip locked""").ToListAsync(token);
            if (due.Count == 0)
                return false;
            await process.StepAsync(new OrderId(due[0]), (saga, order, with) =>
            {
                using var resumed = saga.Origin.Resume("checkout time-out");
                saga.OnDue(order, with);
            }, token);
            return true;
        }, cancellationToken);
    }
}

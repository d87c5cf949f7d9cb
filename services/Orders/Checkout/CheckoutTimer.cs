namespace ForgeShop.Orders;

/// <summary>
/// Handles time-outs of steps. The deadline is a column of the saga's row, so any replica can handle it, in the transaction that reads it.
/// </summary>
public sealed class CheckoutTimer(WorkerServices services, IOptions<CheckoutOptions> options) : PollingWorker(services)
{
    private const int BatchSize = 100;

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
        var process = scope.ServiceProvider.GetRequiredService<CheckoutProcess>();
        return await db.InTransactionAsync(async token =>
        {
            var now = Time.GetUtcNow();
            // A deadline beyond the longest time-out was written before the clock was set back. Rows that another transaction has locked
            // are skipped.
            var due = await db.Database.SqlQuery<Guid>(
                $"""
                select order_id as "Value" from sagas where due_at <= {now} or due_at > {now + options.Value.LongestWait}
                order by due_at limit {BatchSize} for update skip locked
                """).ToListAsync(token);
            foreach (var checkout in due.Count > 0 ? await process.LockAsync(due.ConvertAll(id => new OrderId(id)), token) : [])
            {
                using var span = checkout.Saga.Origin.StartSpan("checkout time-out");
                process.Step(checkout, checkout.Saga.Origin.Under(span), (saga, order, with) => saga.OnTimer(order, with));
            }
            return due.Count == BatchSize;
        }, cancellationToken);
    }
}

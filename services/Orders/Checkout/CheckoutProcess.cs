using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ForgeShop.Orders.Checkout;

/// <summary>
/// Runs transitions of checkouts against the database: one at a time per order, whoever asks for it, and stored by the caller's SaveChanges together with
/// what they send.
/// </summary>
public sealed class CheckoutProcess(
    OrdersDb db, EntityCache<CachedOrder> cache, OrderSignals signals, ForgeIds ids, IOptions<CheckoutOptions> options, TimeProvider time)
{
    private CheckoutScope Scope => new(new CheckoutOutbox(db), ids, options.Value, time.GetUtcNow());

    /// <summary>Announces an order that is about to be stored, and starts its checkout.</summary>
    public void Start(Order order)
    {
        db.Orders.Add(order);
        var placed = db.Emit(order, order.Placed());
        db.Sagas.Add(CheckoutSaga.Start(order, Origin.Current with { CausationId = placed }, Scope));
    }

    /// <summary>Takes an order one step on, inside the caller's transaction.</summary>
    /// <returns>The order, or null if there is no checkout of it.</returns>
    public async Task<Order?> StepAsync(OrderId id, Action<CheckoutSaga, Order, CheckoutScope> step, CancellationToken cancellationToken)
    {
        // Answers come from two topics, and the timer and the customer from elsewhere: whoever is first goes first.
        await db.Database.ExecuteSqlAsync($"select 1 from sagas where order_id = {id.Value} for update", cancellationToken);
        var saga = await db.Sagas.SingleOrDefaultAsync(saga => saga.OrderId == id, cancellationToken);
        if (saga is null)
            return null;
        var order = await db.Orders.SingleAsync(order => order.Id == id, cancellationToken);

        var before = order.Version;
        step(saga, order, Scope);
        if (order.Version != before)
        {
            var view = CachedOrder.Of(order);
            db.AfterCommit(async () =>
            {
                signals.Raise(id);
                await cache.PutAsync(id.Value, view);
            });
        }

        return order;
    }
}

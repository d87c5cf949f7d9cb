using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.Reporting.Orders;

namespace ForgeShop.Reporting.Customers;

/// <summary>
/// Counts each order into its customer's sums exactly once, with nothing but atomic writes of one document. A list of all orders in
/// the customer's document would do the same and grow for ever; so the order remembers that it was counted, and the customer only
/// which orders are being counted just now:
/// <list type="number">
/// <item>customer: add to the sums, and note the order as being counted (one write);</item>
/// <item>order: mark what was counted;</item>
/// <item>customer: drop the note.</item>
/// </list>
/// Whoever is interrupted can start again anywhere. Two that count the same order cannot both add it: step 1 reads the order AFTER the
/// customer. If the order is not marked by then, whoever added it before that left the note in the customer, or else added it after,
/// and then the customer's version has changed and this write fails.
/// </summary>
public sealed class CustomerSums(IDocumentCollection<CustomerReport> customers, IDocumentCollection<OrderReport> orders)
{
    // Not needed to be right, only to be quick: a customer's orders that come in a burst would otherwise make each other's writes fail, again and again.
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1))];

    public async Task CountAsync(OrderReport order, CancellationToken cancellationToken)
    {
        if (order.Due is null || order.UserId is not { } user)
            return;

        var turn = _turns[(uint)user.GetHashCode() % _turns.Length];
        await turn.WaitAsync(cancellationToken);
        try
        {
            await CountAsync(order, user, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task CountAsync(OrderReport order, UserId user, CancellationToken cancellationToken)
    {
        var customer = await customers.UpdateWithLookupAsync(user.Value, async known =>
        {
            var current = await orders.GetAsync(order.Id.Value, cancellationToken);
            return current is null ? null : (known ?? new CustomerReport(user)).Counting(current.Value);
        }, cancellationToken);
        if (customer?.Value.BeingCounted.GetValueOrDefault(order.Id.Value) is not { } counted)
            return;

        await orders.UpdateAsync(order.Id.Value, current => current is null || current.Counted?.Sequence >= counted.Sequence ? null : current with { Counted = counted }, cancellationToken);
        await customers.UpdateAsync(user.Value, known => known?.Counted(order.Id, counted.Sequence), cancellationToken);
    }
}

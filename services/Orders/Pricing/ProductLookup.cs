using System.Collections.Concurrent;

namespace ForgeShop.Orders;

/// <summary>
/// Reads products without a copy from Inventory and stores the answer. Concurrent requests for the same products share one call, because
/// orders for a new product come in bursts.
/// </summary>
public sealed class ProductLookup(IServiceScopeFactory scopes)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<ProductCopy>>>> _asking = new();

    /// <exception cref="InventoryUnavailableException">Inventory did not answer, or not in time.</exception>
    public Task<IReadOnlyList<ProductCopy>> FindAsync(IEnumerable<string> skus, CancellationToken cancellationToken)
    {
        string[] wanted = [.. skus.Order(StringComparer.Ordinal)];
        var question = string.Join(' ', wanted);
        var asking = _asking.GetOrAdd(question, new Lazy<Task<IReadOnlyList<ProductCopy>>>(() => AskAsync(question, wanted)));
        return asking.Value.WaitAsync(cancellationToken);
    }

    private async Task<IReadOnlyList<ProductCopy>> AskAsync(string question, string[] skus)
    {
        try
        {
            // A scope of its own and no caller's cancellation: the first caller may leave before the others.
            await using var scope = scopes.CreateAsyncScope();
            var products = await scope.ServiceProvider.GetRequiredService<InventoryClient>().FindAsync(skus, CancellationToken.None);
            var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
            await db.RememberAsync(products, CancellationToken.None);
            return products;
        }
        finally
        {
            _asking.TryRemove(question, out _);
        }
    }
}

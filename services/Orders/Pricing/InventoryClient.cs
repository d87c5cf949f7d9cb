namespace ForgeShop.Orders;

/// <summary>Reads products that Orders has no copy of. This is the only synchronous call of Orders to another service.</summary>
public sealed class InventoryClient(HttpClient http, IOptions<InventoryOptions> options, TimeProvider time)
{
    /// <summary>Returns those of the <paramref name="skus"/> that exist in Inventory.</summary>
    /// <exception cref="InventoryUnavailableException">Inventory did not answer, or not in time.</exception>
    public async Task<IReadOnlyList<ProductCopy>> FindAsync(IEnumerable<string> skus, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.Timeout, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var query = string.Join('&', skus.Select(sku => "sku=" + Uri.EscapeDataString(sku)));
        try
        {
            var known = await http.GetFromJsonAsync("/internal/products?" + query, OrdersJson.Default.KnownProducts, bounded.Token);
            return known?.Items ?? [];
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            // Refused, reset, timed out, open circuit or malformed answer: the customer gets the same 503.
            throw new InventoryUnavailableException(error);
        }
    }
}

/// <summary>Configuration section <c>Inventory</c>.</summary>
public sealed class InventoryOptions
{
    /// <summary>The time-out of the call, all attempts included.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(2);
}

public sealed record KnownProducts(IReadOnlyList<ProductCopy> Items);

public sealed class InventoryUnavailableException(Exception inner) : Exception("Inventory does not answer.", inner);

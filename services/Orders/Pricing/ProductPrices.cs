namespace ForgeShop.Orders;

/// <summary>Prices an order from Orders' copy of the catalogue; only products without a copy are read from Inventory.</summary>
public sealed partial class ProductPrices(OrdersDb db, ProductLookup lookup, ForgeIds ids, ILogger<ProductPrices> logger)
{
    // Compiled once: every order reads its products.
    private static readonly Func<OrdersDb, ProductId[], IAsyncEnumerable<ProductCopy>> Stored = EF.CompileAsyncQuery(
        (OrdersDb db, ProductId[] wanted) => db.Products.AsNoTracking().Where(product => wanted.Contains(product.Id)));
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    /// <summary>The products by SKU, or the reason why the order cannot be priced.</summary>
    public sealed record Outcome(IReadOnlyDictionary<string, ProductCopy> Products, IResult? Problem);

    public async Task<Outcome> OfAsync(IReadOnlyList<OrderedItem> items, CancellationToken cancellationToken)
    {
        var wanted = items.Select(item => ids.Product(item.Sku)).ToArray();
        var products = await Stored(db, wanted).ToDictionaryAsync(product => product.Sku, cancellationToken: cancellationToken);
        foreach (var product in products.Values)
            ids.Verify(product.Id, product.Sku);

        var unknown = items.Select(item => item.Sku).Where(sku => !products.ContainsKey(sku)).ToList();
        if (unknown.Count > 0)
        {
            try
            {
                foreach (var product in await lookup.FindAsync(unknown, cancellationToken))
                    products[product.Sku] = product;
            }
            catch (InventoryUnavailableException error)
            {
                LogUnavailable(logger, unknown.Count, error.InnerException!.GetType().Name, error.InnerException.Message);
                return Refused(
                    Problems.Unavailable(
                        "inventory-unavailable", "A product of this order cannot be looked up right now. Try again.", RetryAfter));
            }
        }

        var errors = new ValidationErrors();
        for (var index = 0; index < items.Count; index++)
        {
            if (!products.ContainsKey(items[index].Sku))
                errors.Add($"items[{index}].sku", "There is no such product.");
        }

        if (errors.Any)
            return Refused(
                errors.ToProblem(StatusCodes.Status422UnprocessableEntity, "unknown-product", "A product of this order does not exist."));
        if (products.Values.Select(product => product.Price.Currency).Distinct().Skip(1).Any())
            return Refused(
                Problems.Unprocessable("mixed-currencies", "The products of one order are priced in one currency; order these apart."));
        return new Outcome(products, null);
    }

    private static Outcome Refused(IResult problem) => new(new Dictionary<string, ProductCopy>(), problem);

    [LoggerMessage(LogLevel.Warning, "Reading {Count} unknown products from Inventory failed ({Error}: {Message})")]
    private static partial void LogUnavailable(ILogger logger, int count, string error, string message);
}

namespace ForgeShop.Orders;

/// <summary>The data of a product that Orders needs to price an order without a call to Inventory.</summary>
public sealed class ProductCopy
{
    /// <summary>Derived from the SKU, here as in Inventory.</summary>
    public required ProductId Id { get; init; }

    public required string Sku { get; init; }

    public required string Name { get; init; }

    public required Money Price { get; init; }

    /// <summary>The sequence number of the product's event that this state comes from.</summary>
    public required long Sequence { get; init; }
}

public static class ProductCopies
{
    /// <summary>
    /// Stores copies unless a later one exists. One statement, because an event, its redelivery and an answer of Inventory may arrive
    /// concurrently and in any order.
    /// </summary>
    public static Task RememberAsync(this OrdersDb db, IReadOnlyList<ProductCopy> products, CancellationToken cancellationToken)
    {
        T[] Column<T>(Func<ProductCopy, T> value) => [.. products.Select(value)];
        return db.Database.ExecuteSqlAsync(
            $"""
            insert into products (id, sku, name, price_amount, price_currency, sequence)
            select * from unnest({Column(p => p.Id.Value)}, {Column(p => p.Sku)}, {Column(p => p.Name)}, {Column(p => p.Price.Amount)},
                {Column(p => p.Price.Currency)}, {Column(p => p.Sequence)}) as copy (id, sku, name, amount, currency, sequence) order by id
            on conflict (id) do update
            set name = excluded.name, price_amount = excluded.price_amount, price_currency = excluded.price_currency,
                sequence = excluded.sequence
            where products.sequence < excluded.sequence
            """,
            cancellationToken);
    }
}

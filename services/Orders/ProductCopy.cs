using ForgeShop.Contracts;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Orders;

/// <summary>What Orders knows of a product: enough to price an order without asking anybody.</summary>
public sealed class ProductCopy
{
    /// <summary>Derived from the SKU, here as in Inventory.</summary>
    public required ProductId Id { get; init; }

    public required string Sku { get; init; }

    public required string Name { get; init; }

    public required Money Price { get; init; }

    /// <summary>Which of the product's events this is the state after.</summary>
    public required long Sequence { get; init; }
}

public static class ProductCopies
{
    /// <summary>
    /// Keeps the copy unless a later one is there. One statement, because an event, its redelivery and an answer of Inventory
    /// may all arrive at the same moment, in any order.
    /// </summary>
    public static Task RememberAsync(this OrdersDb db, ProductCopy product, CancellationToken cancellationToken) =>
        db.Database.ExecuteSqlAsync(
            $"""
            insert into products (id, sku, name, price_amount, price_currency, sequence)
            values ({product.Id.Value}, {product.Sku}, {product.Name}, {product.Price.Amount}, {product.Price.Currency}, {product.Sequence})
            on conflict (id) do update
            set name = excluded.name, price_amount = excluded.price_amount, price_currency = excluded.price_currency, sequence = excluded.sequence
            where products.sequence < excluded.sequence
            """,
            cancellationToken);
}

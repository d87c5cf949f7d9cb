using ForgeShop.Contracts;
using ForgeShop.Messaging;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace ForgeShop.Inventory;

/// <summary>The one way by which products come into being and change, whether a request or the seed asks for it.</summary>
public sealed class Catalogue(InventoryDb db, ForgeIds ids, TimeProvider time)
{
    private const int Attempts = 3;

    public sealed record Outcome(Product Product, bool Created);

    /// <summary>Creates the product or sets what it says. Announces it only if something changed.</summary>
    public Task<Outcome> SetAsync(string sku, string name, Money price, int available, CancellationToken cancellationToken) =>
        SetAsync(sku, name, price, available, onlyIfAbsent: false, cancellationToken);

    /// <summary>Creates the product unless there is one already.</summary>
    public Task<Outcome> AddAsync(string sku, string name, Money price, int available, CancellationToken cancellationToken) =>
        SetAsync(sku, name, price, available, onlyIfAbsent: true, cancellationToken);

    private async Task<Outcome> SetAsync(string sku, string name, Money price, int available, bool onlyIfAbsent, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await db.Database.CreateExecutionStrategy().ExecuteAsync(
                    token => SetOnceAsync(sku, name, price, available, onlyIfAbsent, token), cancellationToken);
            }
            catch (DbUpdateException error) when (attempt < Attempts && error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                // Somebody else created it at this very moment: now it is there, and its row can be locked.
            }
        }
    }

    private async Task<Outcome> SetOnceAsync(string sku, string name, Money price, int available, bool onlyIfAbsent, CancellationToken cancellationToken)
    {
        // The strategy may run this again after a lost connection: nothing of the earlier try may be left.
        db.ChangeTracker.Clear();
        var id = ids.Product(sku);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Locked first and read then: EF Core looks for a complex property's columns (the price's) under other names in raw SQL.
        await db.Database.ExecuteSqlAsync($"select 1 from products where id = {id.Value} for update", cancellationToken);
        var known = await db.Products.SingleOrDefaultAsync(product => product.Id == id, cancellationToken);
        if (known is not null && onlyIfAbsent)
            return new Outcome(known, Created: false);

        var product = known ?? db.Products.Add(Product.New(id, sku)).Entity;
        if (product.Set(name, price, available, time.GetUtcNow()))
        {
            db.Emit(product, product.Changed());
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new Outcome(product, Created: known is null);
    }
}

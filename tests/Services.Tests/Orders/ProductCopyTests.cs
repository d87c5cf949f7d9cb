using ForgeShop.Contracts;
using ForgeShop.Orders;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Services.Tests;

/// <summary>Orders' copy of the products, with product events in any order.</summary>
public sealed class ProductCopyTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Task<bool> Remember(string sku, decimal price, long sequence) => servers.Orders.InScope<OrdersDb, bool>(async db =>
    {
        await db.RememberAsync(
            [new ProductCopy { Id = servers.Ids.Product(sku), Sku = sku, Name = $"State {sequence}", Price = new Money(price, "EUR"),
                Sequence = sequence }], Cancellation);
        return true;
    });

    private Task<ProductCopy> Copy(string sku) => servers.Orders.InScope<OrdersDb, ProductCopy>(
        db => db.Products.AsNoTracking().SingleAsync(product => product.Id == servers.Ids.Product(sku), Cancellation));

    [Fact]
    public async Task Older_product_event_is_dropped()
    {
        var sku = $"C-{Guid.NewGuid():N}".ToUpperInvariant();

        await Remember(sku, 2.00m, 2);
        await Remember(sku, 1.00m, 1);
        await Remember(sku, 9.00m, 2);

        var copy = await Copy(sku);
        copy.Price.ShouldBe(new Money(2.00m, "EUR"));
        copy.Name.ShouldBe("State 2");
    }

    [Fact]
    public async Task Concurrent_product_events_leave_the_latest()
    {
        var sku = $"C-{Guid.NewGuid():N}".ToUpperInvariant();

        await Task.WhenAll(Enumerable.Range(1, 40).Reverse().Select(sequence => Remember(sku, sequence, sequence)));

        (await Copy(sku)).Sequence.ShouldBe(40);
        (await Copy(sku)).Price.Amount.ShouldBe(40m);
    }
}

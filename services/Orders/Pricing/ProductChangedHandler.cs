namespace ForgeShop.Orders;

/// <summary>Keeps Orders' copy of the catalogue, so that an order is priced without a call to Inventory.</summary>
public sealed class ProductChangedHandler(OrdersDb db) : IBatchHandler<ProductChanged>
{
    public Task HandleAsync(IReadOnlyList<Received<ProductChanged>> events, CancellationToken cancellationToken) =>
        db.RememberAsync(
            [
                .. events.Select(received => new ProductCopy
                {
                    Id = received.Data.ProductId, Sku = received.Data.Sku, Name = received.Data.Name, Price = received.Data.Price,
                    Sequence = received.Context.Sequence,
                }),
            ],
            cancellationToken);
}

using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Orders;

/// <summary>Keeps Orders' own copy of the catalogue, so that an order is priced without a call to Inventory.</summary>
public sealed class ProductChangedHandler(OrdersDb db) : IEventHandler<ProductChanged>
{
    public Task HandleAsync(ProductChanged @event, EventContext context, CancellationToken cancellationToken) =>
        db.RememberAsync(
            new ProductCopy { Id = @event.ProductId, Sku = @event.Sku, Name = @event.Name, Price = @event.Price, Sequence = context.Sequence },
            cancellationToken);
}

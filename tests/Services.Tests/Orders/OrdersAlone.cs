using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>An instance of Orders that no service answers, so its orders stay pending.</summary>
[CollectionDefinition(nameof(OrdersAlone))]
public sealed class OrdersAlone(ServersFixture servers) : IAsyncLifetime, ICollectionFixture<OrdersAlone>
{
    public RunningService<OrdersDb> Orders { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Orders = await servers.StartOrders(
            servers.Inventory.Address, settings: [("Cache:RedisTimeout", "00:00:20"), ("Inventory:Timeout", "00:00:20")]);

    public ValueTask DisposeAsync() => Orders.DisposeAsync();
}

using ForgeShop.Inventory;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Users;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Services.Tests;

/// <summary>A model that changed without a migration would fail in the first request; here it fails by name.</summary>
public sealed class MigrationsTests(ServersFixture servers)
{
    [Fact]
    public async Task The_committed_migrations_describe_the_model_of_every_service()
    {
        (await servers.Users.InScope<UsersDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Users");
        (await servers.Inventory.InScope<InventoryDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Inventory");
        (await servers.Orders.InScope<OrdersDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Orders");
        (await servers.Payments.InScope<PaymentsDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Payments");
    }
}

using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Users;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Services.Tests;

/// <summary>Without its migration, a changed model fails at the first request that uses it.</summary>
public sealed class MigrationsTests(ServersFixture servers)
{
    [Fact]
    public async Task Migrations_describe_the_model_of_each_service()
    {
        (await servers.Users.InScope<UsersDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Users");
        (await servers.Inventory.InScope<InventoryDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges())))
            .ShouldBeFalse("Inventory");
        (await servers.Orders.InScope<OrdersDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges()))).ShouldBeFalse("Orders");
        (await servers.Payments.InScope<PaymentsDb, bool>(db => Task.FromResult(db.Database.HasPendingModelChanges())))
            .ShouldBeFalse("Payments");
        var options = new DbContextOptionsBuilder<NotificationsDb>().UseNpgsql("Host=none").UseSnakeCaseNamingConvention().Options;
        await using var notifications = new NotificationsDb(options);
        notifications.Database.HasPendingModelChanges().ShouldBeFalse("Notifications");
    }
}

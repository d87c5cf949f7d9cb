using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.ServiceDefaults;
using ForgeShop.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// Migrates the database of every service and exits. The services start afterwards.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Warning);
builder.AddDatabase<UsersDb>("users");
builder.AddDatabase<InventoryDb>("inventory");
builder.AddDatabase<OrdersDb>("orders");
builder.AddDatabase<PaymentsDb>("payments");
builder.AddDatabase<NotificationsDb>("notifications");
using var host = builder.Build();
using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));

foreach (var context in host.Services.GetServices<DbContextOptions>().Select(options => options.ContextType))
{
    // Transient database errors are retried; Entity Framework's lock serializes concurrent migrators.
    await DatabaseRetries.ExecuteAsync(host.Services, async token =>
    {
        await using var scope = host.Services.CreateAsyncScope();
        await ((DbContext)scope.ServiceProvider.GetRequiredService(context)).Database.MigrateAsync(token);
    }, timeout.Token);
}

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

// Brings the schema of every service's database up to date and ends. The services start afterwards.
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
    // A database that does not answer yet is tried again; Entity Framework's lock lets concurrent migrators wait for each other.
    await DatabaseRetries.ExecuteAsync(host.Services, async token =>
    {
        await using var scope = host.Services.CreateAsyncScope();
        await ((DbContext)scope.ServiceProvider.GetRequiredService(context)).Database.MigrateAsync(token);
    }, timeout.Token);
}

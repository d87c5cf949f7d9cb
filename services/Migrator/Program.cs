using ForgeShop.Databases;
using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

// Migrates the database of every service and exits. The services start afterwards.
var builder = Host.CreateApplicationBuilder(args);
builder.Logging.AddFilter("Microsoft.EntityFrameworkCore.Database.Command", LogLevel.Warning);
builder.AddDatabase<UsersDb>("users");
builder.AddDatabase<InventoryDb>("inventory");
builder.AddDatabase<OrdersDb>("orders");
builder.AddDatabase<PaymentsDb>("payments");
builder.AddDatabase<NotificationsDb>("notifications");
using var host = builder.Build();

// A migration may rewrite a large table. The time-outs of requests do not apply to it.
var statementTimeout = TimeSpan.FromHours(1);
using var timeout = new CancellationTokenSource(TimeSpan.FromHours(2));

foreach (var context in host.Services.GetServices<DbContextOptions>().Select(options => options.ContextType))
{
    // Transient database errors are retried; Entity Framework's lock serializes concurrent migrators.
    await DatabaseRetries.ExecuteAsync(host.Services, async token =>
    {
        await using var scope = host.Services.CreateAsyncScope();
        var database = ((DbContext)scope.ServiceProvider.GetRequiredService(context)).Database;
        database.SetCommandTimeout(statementTimeout);
        try
        {
            await database.MigrateAsync(token);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn
            or PostgresErrorCodes.DuplicateTable)
        {
            // Final, although a service would wait for it: the schema is of another history, and no other process changes it.
            throw new InvalidOperationException(
                $"The schema of {context.Name} is not one that its migrations made ({error.MessageText}). "
                + "Data of a development shop is emptied by: ./forge up --fresh");
        }
    }, timeout.Token);
}

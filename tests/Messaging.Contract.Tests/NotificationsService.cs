using System.Diagnostics;
using ForgeShop.Notifications;
using ForgeShop.Databases;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Messaging.Contract.Tests;

/// <summary>Notifications, on .NET: each event of an order is one notification and one event of its own.</summary>
public sealed class NotificationsService : ServiceUnderTest
{
    public override string Name => "notifications";

    public override string StateOf(params IReadOnlyList<string> types)
    {
        var kinds = types.Select(type => type.Split('.')[1]).Order(StringComparer.Ordinal);
        return $"{string.Join(", ", kinds)}; inbox {types.Count}; announced {types.Count}";
    }

    public override async Task<string> StateAsync(TestOrder order)
    {
        var kinds = await ScalarAsync<string>(
            "SELECT coalesce(string_agg(kind, ', ' ORDER BY kind), '') FROM notifications WHERE reference = $1", order.Id.Value);
        var announced = await ScalarAsync<long>("SELECT count(*) FROM outbox WHERE causation_id = ANY($1)", order.EventIds);
        return $"{kinds}; inbox {await InboxAsync(order)}; announced {announced}";
    }

    protected override async Task InstallAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:notifications"] = Database;
        builder.AddDatabase<NotificationsDb>("notifications");
        using var host = builder.Build();
        await using var scope = host.Services.CreateAsyncScope();
        await scope.ServiceProvider.GetRequiredService<NotificationsDb>().Database.MigrateAsync(TestContext.Current.CancellationToken);
    }

    protected override ProcessStartInfo Command(KafkaServer kafka) =>
        new("dotnet", [Path.Combine(AppContext.BaseDirectory, "ForgeShop.Notifications.dll")])
        {
            WorkingDirectory = AppContext.BaseDirectory,
            Environment =
            {
                ["ASPNETCORE_URLS"] = "http://127.0.0.1:0",
                ["ConnectionStrings__kafka"] = kafka.BootstrapServers,
                ["ConnectionStrings__notifications"] = Database,
                ["Authentication__Issuer"] = "http://shop.example",
                ["Messaging__MinBackoff"] = "00:00:00.020",
                ["Messaging__MaxBackoff"] = "00:00:00.500",
                ["Messaging__MaxAttempts"] = "2",
            },
        };
}

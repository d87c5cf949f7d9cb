using System.Reflection;
using ForgeShop.Gateway;
using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Reporting;
using ForgeShop.Users;

namespace ForgeShop.Services.Tests;

/// <summary>The assemblies of the .NET services, by the names of their folders.</summary>
internal static class ServiceAssemblies
{
    public static IReadOnlyDictionary<string, Assembly> All { get; } = new Dictionary<string, Assembly>
    {
        ["Gateway"] = typeof(RateLimitOptions).Assembly,
        ["Users"] = typeof(UsersDb).Assembly,
        ["Orders"] = typeof(OrdersDb).Assembly,
        ["Inventory"] = typeof(InventoryDb).Assembly,
        ["Payments"] = typeof(PaymentsDb).Assembly,
        ["Notifications"] = typeof(NotificationsDb).Assembly,
        ["Reporting"] = typeof(OrderReport).Assembly,
    };
}

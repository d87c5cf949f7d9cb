using ForgeShop.Contracts.Audit;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Notifications;

/// <summary>The notifications and the names of users in the audit.</summary>
internal static class NotificationsAudit
{
    public static IServiceCollection AddNotificationsAudit(this IServiceCollection services) => services
        .AddAuditedTable<NotificationsDb>(new(
            new("notifications", "notifications", "postgresql")
            {
                IsAuthority = true,
                References = new Dictionary<string, string> { ["user"] = "users", ["reference"] = "orders" },
            },
            "notifications")
        {
            Key = [("user", "user_id"), ("notice", "kind"), ("reference", "reference")],
            Events = "last_sequence",
        })
        .AddAuditedTable<NotificationsDb>(new(new("users", "users", "postgresql") { IsComplete = true }, "users")
        {
            Hashes = [("profile", ["name"])],
        });
}

namespace ForgeShop.Api;

/// <summary>
/// The permissions that the <c>scope</c> of a token can contain. A <c>:self</c> permission covers the caller's own resources, which the
/// endpoint checks (<c>Caller</c>); the others cover all users.
/// </summary>
public static class Permissions
{
    public const string AccountSelf = "account:self";
    public const string OrdersSelf = "orders:self";
    public const string NotificationsSelf = "notifications:self";
    public const string ReportsSelf = "reports:self";
    public const string RecommendationsRead = "recommendations:read";

    public const string UsersRead = "users:read";
    public const string UsersWrite = "users:write";
    public const string OrdersRead = "orders:read";
    public const string CatalogWrite = "catalog:write";
    public const string ReportsRead = "reports:read";
    public const string ReportsWrite = "reports:write";
    public const string AuditRead = "audit:read";
    public const string AuditRun = "audit:run";
    public const string MessagingRead = "messaging:read";
    public const string MessagingWrite = "messaging:write";

    /// <summary>A service calls another service. No user's token has this permission.</summary>
    public const string Internal = "internal";

    /// <summary>The auditor reads the stores of another service, or asks it to repair them. Only Reporting's own token has it.</summary>
    public const string InternalAudit = "internal:audit";

    public static IReadOnlyList<string> OfCustomers { get; } =
        [AccountSelf, OrdersSelf, NotificationsSelf, ReportsSelf, RecommendationsRead];

    public static IReadOnlyList<string> OfAdministrators { get; } =
    [
        .. OfCustomers, UsersRead, UsersWrite, OrdersRead, CatalogWrite, ReportsRead, ReportsWrite, AuditRead, AuditRun, MessagingRead,
        MessagingWrite,
    ];
}

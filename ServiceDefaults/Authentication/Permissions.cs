namespace ForgeShop.ServiceDefaults;

/// <summary>
/// What a token can allow: the words of its <c>scope</c>. Those that end in <c>:self</c> reach only what belongs to the caller,
/// which the endpoint checks (<see cref="Caller"/>); the others reach everybody's.
/// </summary>
public static class Permissions
{
    public const string AccountSelf = "account:self";
    public const string OrdersSelf = "orders:self";
    public const string NotificationsSelf = "notifications:self";
    public const string ReportsSelf = "reports:self";

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

    /// <summary>One service calls another. No person's token has it.</summary>
    public const string Internal = "internal";

    public static IReadOnlyList<string> OfCustomers { get; } = [AccountSelf, OrdersSelf, NotificationsSelf, ReportsSelf];

    public static IReadOnlyList<string> OfAdministrators { get; } =
    [
        .. OfCustomers, UsersRead, UsersWrite, OrdersRead, CatalogWrite, ReportsRead, ReportsWrite, AuditRead, AuditRun, MessagingRead, MessagingWrite,
    ];
}

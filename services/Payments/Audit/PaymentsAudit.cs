using ForgeShop.ServiceDefaults;
using static ForgeShop.ServiceDefaults.AuditedTable;

namespace ForgeShop.Payments;

/// <summary>The payments in the audit. Money is reported and never repaired.</summary>
internal static class PaymentsAudit
{
    public static IServiceCollection AddPaymentsAudit(this IServiceCollection services) => services.AddAuditedTable<PaymentsDb>(new(
        new("payments", "payments", "postgresql")
        {
            IsAuthority = true,
            References = new Dictionary<string, string> { ["order"] = "orders" },
        },
        "payments")
    {
        Key = [("order", "order_id"), ("attempt", "attempt")],
        Events = "last_sequence",
        Hashes = [("amount", [Amount("amount"), "currency"])],
    });
}

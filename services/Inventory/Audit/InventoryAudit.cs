using static ForgeShop.Auditing.AuditedTable;

namespace ForgeShop.Inventory;

/// <summary>The products and the reservations in the audit. Stock is reported and never repaired.</summary>
internal static class InventoryAudit
{
    public static IServiceCollection AddInventoryAudit(this IServiceCollection services) => services
        .AddOutboxAudit<InventoryDb>()
        .AddInboxAudit<InventoryDb>()
        .AddAuditedTable<InventoryDb>(new(new("products", "products", "postgresql") { IsAuthority = true }, "products")
        {
            Key = [("key", "sku")],
            Events = "last_sequence",
            Hashes = [("price", ["name", Amount("price_amount"), "price_currency"])],
        })
        .AddAuditedTable<InventoryDb>(new(
            new("reservations", "reservations", "postgresql")
            {
                IsAuthority = true,
                References = new Dictionary<string, string> { ["key"] = "orders" },
            },
            "reservations")
        {
            Key = [("key", "order_id")],
            Events = "last_sequence",
        });
}

using ForgeShop.Contracts.Audit;
using static ForgeShop.Auditing.AuditedTable;

namespace ForgeShop.Orders;

/// <summary>The orders, their lines and checkouts, the copies of products, and the cache in the audit.</summary>
internal static class OrdersAudit
{
    // The state as events announce it: reserved and paid are internal.
    private const string Announced =
        "CASE WHEN status = 'cancelled' THEN 'cancelled' WHEN confirmed_at IS NOT NULL THEN 'confirmed' ELSE 'pending' END";

    private const string Group =
        $"CASE WHEN status = 'cancelled' AND confirmed_at IS NOT NULL THEN 'confirmed-cancelled' ELSE {Announced} END";

    private const string Lines = """
        orders o CROSS JOIN LATERAL (
            SELECT string_agg(
                concat_ws(' ', product_id, sku, quantity, trim_scale(unit_price_amount), unit_price_currency), ','
                ORDER BY position) AS lines
            FROM order_lines WHERE order_id = o.id) l
        """;

    private static readonly string[] Amounts = [Amount("total_amount"), "total_currency"];

    public static IServiceCollection AddOrdersAudit(this IServiceCollection services) => services
        .AddOutboxAudit<OrdersDb>()
        .AddInboxAudit<OrdersDb>()
        .AddAuditedTable<OrdersDb>(new(
            new("orders", "orders", "postgresql") { IsAuthority = true, References = References("user", "users") }, Lines)
        {
            Key = [("user", "user_id"), ("reference", "reference")],
            Group = Group,
            Events = "last_sequence",
            Hashes =
            [
                ("amount", Amounts),
                ("placed", ["user_id", Time("placed_at"), .. Amounts, "lines"]),
                ("announced", [Announced, "CASE WHEN status = 'cancelled' THEN reason END"]),
                ("view", ["id", "user_id", "status", "reason", Time("placed_at"), .. Amounts, "lines"]),
            ],
        })
        .AddAuditedTable<OrdersDb>(new(
            new("order-lines", "order-lines", "postgresql") { IsAuthority = true, References = References("order", "orders") },
            "order_lines")
        {
            Key = [("order", "order_id"), ("product", "product_id")],
        })
        .AddAuditedTable<OrdersDb>(new(
            new("sagas", "sagas", "postgresql") { IsAuthority = true, References = References("key", "orders") }, "sagas")
        {
            Key = [("key", "order_id")],
        })
        .AddAuditedTable<OrdersDb>(new(new("products", "products", "postgresql") { IsComplete = true }, "products")
        {
            Key = [("key", "sku")],
            Hashes = [("price", ["name", Amount("price_amount"), "price_currency"])],
        })
        .AddAuditedCache<CachedOrder>("orders", "order", cached => new(cached.Id.Value)
        {
            Hashes = new Dictionary<string, string> { ["view"] = ViewHash(cached.Order) },
        });

    private static Dictionary<string, string> References(string field, string entityType) => new() { [field] = entityType };

    private static string ViewHash(OrderView order) => ContentHash.Of(
        order.Id.ToString(), order.UserId.ToString(), order.Status, order.Reason, ContentHash.Time(order.PlacedAt),
        ContentHash.Amount(order.Total.Amount), order.Total.Currency, string.Join(',', order.Items.Select(Line)));

    private static string Line(OrderItemView item) =>
        $"{item.ProductId} {item.Sku} {item.Quantity} {ContentHash.Amount(item.UnitPrice.Amount)} {item.UnitPrice.Currency}";
}

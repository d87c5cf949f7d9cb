namespace ForgeShop.Orders;

/// <summary>An order as the API shows it.</summary>
public sealed record OrderView(
    OrderId Id,
    UserId UserId,
    string Status,
    IReadOnlyList<OrderItemView> Items,
    Money Total,
    DateTimeOffset PlacedAt,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason = null)
{
    public static OrderView Of(Order order) => new(
        order.Id,
        order.UserId,
        order.Status.ToName(),
        [.. order.Lines.OrderBy(line => line.Position)
            .Select(line => new OrderItemView(line.ProductId, line.Sku, line.Quantity, line.UnitPrice))],
        order.Total,
        order.PlacedAt,
        order.Reason?.ToName());
}

public sealed record OrderItemView(ProductId ProductId, string Sku, int Quantity, Money UnitPrice);

/// <summary>An order as it is cached under <c>order:{id}</c>.</summary>
/// <param name="Version">The version of the order.</param>
/// <param name="Fingerprint">The fingerprint of the request, see <see cref="RequestFingerprint"/>.</param>
/// <param name="Order">The order.</param>
public sealed record CachedOrder(long Version, byte[] Fingerprint, OrderView Order) : ICachedView
{
    public OrderId Id => Order.Id;

    Guid ICachedView.Key => Order.Id.Value;

    bool ICachedView.IsComplete => Order.Items.All(item => item is not null);

    public static CachedOrder Of(Order order) => new(order.Version, order.Fingerprint, OrderView.Of(order));
}

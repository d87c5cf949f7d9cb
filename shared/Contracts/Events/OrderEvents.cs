namespace ForgeShop.Contracts.Events;

/// <summary>An order was stored. <paramref name="Reference"/> is the client's Idempotency-Key: with the user, the order's natural key.</summary>
public sealed record OrderPlaced(
    OrderId OrderId,
    UserId UserId,
    string Reference,
    string Status,
    IReadOnlyList<OrderPlacedItem> Items,
    Money Total,
    string PaymentMethod,
    DateTimeOffset PlacedAt) : IEventData
{
    public static string Type => "order.placed";
    public static string Topic => Topics.OrderEvents;
}

public sealed record OrderPlacedItem(OrderLineId LineId, ProductId ProductId, string Sku, string Name, int Quantity, Money UnitPrice);

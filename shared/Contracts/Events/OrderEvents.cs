namespace ForgeShop.Contracts.Events;

/// <summary>
/// An order was stored. <paramref name="Reference"/> is the client's Idempotency-Key: with the user, the order's natural key.
/// </summary>
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
    public static string Type => "orders.order-placed";
    public static string Topic => Topics.OrderEvents;
}

public sealed record OrderPlacedItem(OrderLineId LineId, ProductId ProductId, string Sku, string Name, int Quantity, Money UnitPrice);

/// <summary>The order is confirmed: the stock is reserved and the payment charged.</summary>
public sealed record OrderConfirmed(OrderId OrderId, UserId UserId, Money Total, DateTimeOffset ConfirmedAt) : IEventData
{
    /// <summary>Gets the lines of the order; null in events of older releases.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OrderPlacedItem>? Items { get; init; }

    public static string Type => "orders.order-confirmed";
    public static string Topic => Topics.OrderEvents;
}

/// <summary>The order is cancelled, and all its steps are compensated.</summary>
/// <param name="Reason"><c>out-of-stock</c>, <c>payment-declined</c>, <c>timed-out</c> or <c>customer-request</c>.</param>
public sealed record OrderCancelled(OrderId OrderId, UserId UserId, string Reason, Money Total, DateTimeOffset CancelledAt) : IEventData
{
    /// <summary>
    /// Gets the time when the order was confirmed before it was cancelled; null if it never was, and in events of older releases.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? ConfirmedAt { get; init; }

    /// <summary>Gets the lines of an order that was confirmed; null otherwise, and in events of older releases.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OrderPlacedItem>? Items { get; init; }

    public static string Type => "orders.order-cancelled";
    public static string Topic => Topics.OrderEvents;
}

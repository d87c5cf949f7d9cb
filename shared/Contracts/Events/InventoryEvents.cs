namespace ForgeShop.Contracts.Events;

/// <summary>
/// A product was created, or its name, price or availability changed. The event contains the whole product, because consumers keep a copy.
/// Changes of availability by orders are announced together, at most once a second for each product.
/// </summary>
public sealed record ProductChanged(ProductId ProductId, string Sku, string Name, Money Price, int Available, DateTimeOffset ChangedAt)
    : IEventData
{
    public static string Type => "inventory.product-changed";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>The stock of every line is reserved for the order.</summary>
public sealed record StockReserved(ReservationId ReservationId, OrderId OrderId) : IEventData
{
    public static string Type => "inventory.stock-reserved";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>The stock of a product is insufficient, so nothing is reserved.</summary>
public sealed record ReservationFailed(ReservationId ReservationId, OrderId OrderId, IReadOnlyList<MissingStock> Missing) : IEventData
{
    public static string Type => "inventory.reservation-failed";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>The requested and the available quantity of a product.</summary>
public sealed record MissingStock(ProductId ProductId, int Wanted, int Available);

/// <summary>The order holds no stock, now or later.</summary>
public sealed record StockReleased(ReservationId ReservationId, OrderId OrderId) : IEventData
{
    public static string Type => "inventory.stock-released";
    public static string Topic => Topics.InventoryEvents;
}

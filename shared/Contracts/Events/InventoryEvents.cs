namespace ForgeShop.Contracts.Events;

/// <summary>
/// A product was created, its name or price was set, or there is more or less of it. Carries the whole product: consumers keep their own copy. What orders
/// take and give back is announced together, at most once a second a product.
/// </summary>
public sealed record ProductChanged(ProductId ProductId, string Sku, string Name, Money Price, int Available, DateTimeOffset ChangedAt) : IEventData
{
    public static string Type => "inventory.product-changed";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>The stock of every line is set aside for the order.</summary>
public sealed record StockReserved(ReservationId ReservationId, OrderId OrderId) : IEventData
{
    public static string Type => "inventory.stock-reserved";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>There is not enough of a product, so nothing is set aside.</summary>
public sealed record ReservationFailed(ReservationId ReservationId, OrderId OrderId, IReadOnlyList<MissingStock> Missing) : IEventData
{
    public static string Type => "inventory.reservation-failed";
    public static string Topic => Topics.InventoryEvents;
}

/// <summary>What was wanted of a product, and what was available of it at that moment.</summary>
public sealed record MissingStock(ProductId ProductId, int Wanted, int Available);

/// <summary>The order holds no stock any more, and never will again.</summary>
public sealed record StockReleased(ReservationId ReservationId, OrderId OrderId) : IEventData
{
    public static string Type => "inventory.stock-released";
    public static string Topic => Topics.InventoryEvents;
}

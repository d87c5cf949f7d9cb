namespace ForgeShop.Contracts.Events;

/// <summary>Set stock aside for an order: all lines or none. Answered by <see cref="StockReserved"/> or <see cref="ReservationFailed"/>.</summary>
public sealed record ReserveStock(ReservationId ReservationId, OrderId OrderId, IReadOnlyList<ReserveStockLine> Lines) : ICommandData
{
    public static string Type => "inventory.reserve-stock";
    public static string Topic => Topics.InventoryCommands;
}

public sealed record ReserveStockLine(ProductId ProductId, int Quantity);

/// <summary>Give back whatever the order holds, be it nothing, reserved or sold already. Always answered by <see cref="StockReleased"/>, however often it comes.</summary>
public sealed record ReleaseStock(ReservationId ReservationId, OrderId OrderId) : ICommandData
{
    public static string Type => "inventory.release-stock";
    public static string Topic => Topics.InventoryCommands;
}

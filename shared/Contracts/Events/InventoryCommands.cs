namespace ForgeShop.Contracts.Events;

/// <summary>
/// Reserves stock for an order: all lines or none. Answered by <see cref="StockReserved"/> or <see cref="ReservationFailed"/>.
/// </summary>
public sealed record ReserveStock(ReservationId ReservationId, OrderId OrderId, IReadOnlyList<ReserveStockLine> Lines) : ICommandData
{
    public static string Type => "inventory.reserve-stock";
    public static string Topic => Topics.InventoryCommands;
}

public sealed record ReserveStockLine(ProductId ProductId, int Quantity);

/// <summary>
/// Releases the stock of an order, reserved or sold, if there is any. Each copy of the command is answered by <see cref="StockReleased"/>.
/// </summary>
public sealed record ReleaseStock(ReservationId ReservationId, OrderId OrderId) : ICommandData
{
    public static string Type => "inventory.release-stock";
    public static string Topic => Topics.InventoryCommands;
}

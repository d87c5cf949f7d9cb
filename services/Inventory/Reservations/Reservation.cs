namespace ForgeShop.Inventory;

public enum ReservationStatus
{
    Reserved,

    /// <summary>The stock was insufficient: nothing is reserved.</summary>
    Failed,

    /// <summary>The order was confirmed: the pieces left the stock.</summary>
    Sold,

    /// <summary>The pieces are back in the stock. This is final: a later command to reserve has no effect.</summary>
    Released,
}

/// <summary>
/// The stock that one order takes. Its status and the products change in one transaction, so a product's reserved and sold pieces always
/// equal the sum of the reservation lines.
/// </summary>
public sealed class Reservation : IEventSource
{
    private readonly List<ReservationLine> _lines = [];

    private Reservation()
    {
    }

    public Reservation(ReservationId id, OrderId orderId, ReservationStatus status, IEnumerable<ReservationLine> lines, DateTimeOffset now)
    {
        (Id, OrderId, Status, ChangedAt) = (id, orderId, status, now);
        _lines.AddRange(lines);
    }

    /// <summary>Derived from the order.</summary>
    public ReservationId Id { get; private set; }

    public OrderId OrderId { get; private set; }

    public ReservationStatus Status { get; private set; }

    public IReadOnlyList<ReservationLine> Lines => _lines;

    public DateTimeOffset ChangedAt { get; private set; }

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    /// <returns>False if nothing is reserved.</returns>
    public bool Sell(DateTimeOffset now)
    {
        if (Status is not ReservationStatus.Reserved)
            return false;
        (Status, ChangedAt) = (ReservationStatus.Sold, now);
        return true;
    }

    /// <returns>The previous status, which decides which pieces return to the stock.</returns>
    public ReservationStatus Release(DateTimeOffset now)
    {
        var before = Status;
        if (before is not ReservationStatus.Released)
            (Status, ChangedAt) = (ReservationStatus.Released, now);
        return before;
    }
}

public sealed class ReservationLine(ProductId productId, int quantity)
{
    public ProductId ProductId { get; private set; } = productId;

    public int Quantity { get; private set; } = quantity;
}

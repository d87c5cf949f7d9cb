using ForgeShop.Contracts;
using ForgeShop.Messaging;

namespace ForgeShop.Inventory.Reservations;

public enum ReservationStatus
{
    /// <summary>The stock is set aside.</summary>
    Reserved,

    /// <summary>There was not enough: nothing is set aside.</summary>
    Failed,

    /// <summary>The order was confirmed: the stock is gone.</summary>
    Sold,

    /// <summary>What there was is given back, and nothing will be set aside any more.</summary>
    Released,
}

/// <summary>
/// What one order takes from the stock. Whoever changes its status changes the stock in the same transaction, while holding the lock of its row; so what
/// is reserved and what is sold can always be summed up from here.
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

    /// <summary>False where there is nothing set aside that could be sold.</summary>
    public bool Sell(DateTimeOffset now)
    {
        if (Status is not ReservationStatus.Reserved)
            return false;
        (Status, ChangedAt) = (ReservationStatus.Sold, now);
        return true;
    }

    /// <returns>What it was until now: that says what there is to be given back.</returns>
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

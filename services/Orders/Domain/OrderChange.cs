namespace ForgeShop.Orders;

/// <summary>One change of an order's state, stored together with the change and never deleted.</summary>
public sealed class OrderChange
{
    private OrderChange()
    {
    }

    public OrderChange(long version, OrderStatus status, CancelReason? reason, DateTimeOffset at) =>
        (Version, Status, Reason, At) = (version, status, reason, at);

    public OrderId OrderId { get; private set; }

    /// <summary>The order's version that this change made, from 1, without gaps.</summary>
    public long Version { get; private set; }

    public OrderStatus Status { get; private set; }

    public CancelReason? Reason { get; private set; }

    public DateTimeOffset At { get; private set; }
}

namespace ForgeShop.Orders;

/// <summary>The reason of a cancellation. The names are public: answers, events and the database contain them in kebab-case.</summary>
public enum CancelReason
{
    OutOfStock,
    PaymentDeclined,
    TimedOut,
    CustomerRequest,
}

public static class CancelReasons
{
    /// <summary>
    /// Returns whether the reason is possible in this state: stock is insufficient only before a reservation, and a payment is declined
    /// only before the order is paid. A customer may cancel at any time.
    /// </summary>
    public static bool MayCancel(this CancelReason reason, OrderStatus from) => reason switch
    {
        CancelReason.OutOfStock => from is OrderStatus.Pending,
        CancelReason.PaymentDeclined => from is OrderStatus.Reserved,
        CancelReason.TimedOut => from is OrderStatus.Pending or OrderStatus.Reserved,
        CancelReason.CustomerRequest => from.MayBecome(OrderStatus.Cancelling),
        _ => false,
    };
}

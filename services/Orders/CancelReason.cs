namespace ForgeShop.Orders;

/// <summary>Why an order is cancelled. The names are public: they stand in answers, in events and in the database, in kebab-case.</summary>
public enum CancelReason
{
    OutOfStock,
    PaymentDeclined,
    TimedOut,
    CustomerRequest,
}

public static class CancelReasons
{
    public static string ToName(this CancelReason reason) => reason switch
    {
        CancelReason.OutOfStock => "out-of-stock",
        CancelReason.PaymentDeclined => "payment-declined",
        CancelReason.TimedOut => "timed-out",
        CancelReason.CustomerRequest => "customer-request",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    public static CancelReason Parse(string name) =>
        Enum.GetValues<CancelReason>().Cast<CancelReason?>().FirstOrDefault(reason => reason!.Value.ToName() == name)
        ?? throw new FormatException("There is no such reason.");

    /// <summary>Stock can only be short before it is reserved, a payment only be declined before the order is paid; a customer may always change their mind.</summary>
    public static bool MayCancel(this CancelReason reason, OrderStatus from) => reason switch
    {
        CancelReason.OutOfStock => from is OrderStatus.Pending,
        CancelReason.PaymentDeclined => from is OrderStatus.Reserved,
        CancelReason.TimedOut => from is OrderStatus.Pending or OrderStatus.Reserved,
        CancelReason.CustomerRequest => from.MayBecome(OrderStatus.Cancelling),
        _ => false,
    };
}

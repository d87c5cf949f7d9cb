namespace ForgeShop.Orders;

/// <summary>The status of an order. The names are public: answers, events and the database contain them in lower case.</summary>
public enum OrderStatus
{
    Pending,
    Reserved,
    Paid,
    Confirmed,
    Cancelling,
    Cancelled,
}

public static class OrderStatuses
{
    /// <summary>Returns whether the status is final.</summary>
    public static bool IsFinal(this OrderStatus status) => status is OrderStatus.Confirmed or OrderStatus.Cancelled;

    /// <summary>pending → reserved → paid → confirmed; from each of them: cancelling → cancelled.</summary>
    public static bool MayBecome(this OrderStatus from, OrderStatus to) => (from, to) switch
    {
        (OrderStatus.Pending, OrderStatus.Reserved) => true,
        (OrderStatus.Reserved, OrderStatus.Paid) => true,
        (OrderStatus.Paid, OrderStatus.Confirmed) => true,
        (OrderStatus.Pending or OrderStatus.Reserved or OrderStatus.Paid or OrderStatus.Confirmed, OrderStatus.Cancelling) => true,
        (OrderStatus.Cancelling, OrderStatus.Cancelled) => true,
        _ => false,
    };
}

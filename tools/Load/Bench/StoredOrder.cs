using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Load.Bench;

/// <summary>A confirmed order with one line.</summary>
internal sealed record StoredOrder(UserId User, string Reference, ProductId Product, Guid Correlation)
{
    private static readonly string[] NotificationKinds = ["order-placed", "order-confirmed"];
    private static readonly string[] EventTypes =
    [
        OrderPlaced.Type, OrderConfirmed.Type, ReserveStock.Type, StockReserved.Type, ChargePayment.Type, PaymentCharged.Type,
        NotificationSent.Type,
    ];

    /// <summary>Gets the derivations of every ID that rows and messages of an order contain and those of other orders do not.</summary>
    public static IReadOnlyList<Func<StoredOrder, ForgeIds, Guid>> OwnIds { get; } = All();

    /// <summary>Returns the same order under another reference.</summary>
    public StoredOrder Copy(int number, ForgeIds ids)
    {
        var reference = $"{Reference}-{number}";
        return this with { Reference = reference, Correlation = ids.Correlation($"{User}", "stored-order", reference).Value };
    }

    private static Func<StoredOrder, ForgeIds, Guid>[] All()
    {
        static OrderId Order(StoredOrder order, ForgeIds ids) => ids.Order(order.User, order.Reference);
        List<Func<StoredOrder, ForgeIds, Guid>> aggregates =
        [
            (order, ids) => Order(order, ids).Value,
            (order, ids) => ids.Reservation(Order(order, ids)).Value,
            (order, ids) => ids.Payment(Order(order, ids), 1).Value,
        ];
        foreach (var kind in NotificationKinds)
            aggregates.Add((order, ids) => ids.Notification(order.User, kind, Order(order, ids).Value).Value);
        var events =
            from aggregate in aggregates
            from type in EventTypes
            from sequence in Enumerable.Range(1, 4)
            select (Func<StoredOrder, ForgeIds, Guid>)((order, ids) => ids.Event(aggregate(order, ids), type, sequence).Value);
        return
        [
            .. aggregates,
            (order, ids) => ids.Saga(Order(order, ids)).Value,
            (order, ids) => ids.OrderLine(Order(order, ids), order.Product).Value,
            (order, _) => order.Correlation,
            .. events,
        ];
    }
}

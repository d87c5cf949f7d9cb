using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Polyglot.Tests;

/// <summary>An event with its attributes.</summary>
internal sealed record SampleEvent(string Source, Guid Subject, long Sequence, IEventData Data);

/// <summary>Samples of each event and command, with IDs that are derived from natural keys, and of what is optional both forms.</summary>
internal static class SampleEvents
{
    private static readonly ForgeIds Ids = new();
    private static readonly UserId Ada = Ids.User("ada@example.com");
    private static readonly ProductId Hammer = Ids.Product("SKU-001");
    private static readonly ProductId Kettle = Ids.Product("KETTLE~1.5");
    private static readonly OrderId Order = Ids.Order(Ada, "cart-1");
    private static readonly ReservationId Reservation = Ids.Reservation(Order);
    private static readonly PaymentId Payment = Ids.Payment(Order, 1);
    private static readonly NotificationId Notification = Ids.Notification(Ada, "order-confirmed", Order.Value);

    // As precise as a database stores it, to the millisecond, and to the second.
    private static readonly DateTimeOffset Placed = At("2026-11-21T08:00:00.123456Z");
    private static readonly DateTimeOffset Confirmed = At("2026-11-21T08:00:01.5Z");
    private static readonly DateTimeOffset Cancelled = At("2028-02-29T23:59:59Z");

    private static readonly OrderPlacedItem[] Items =
    [
        new(Ids.OrderLine(Order, Hammer), Hammer, "SKU-001", "Hammer \"Größe 2\"", 2, new Money(12.5m, "EUR")),
        new(Ids.OrderLine(Order, Kettle), Kettle, "KETTLE~1.5", "Wasserkocher <1,5 l> 🫖", 1, new Money(19.05m, "EUR")),
    ];

    private static readonly Money Total = new(44.05m, "EUR");

    public static IReadOnlyList<SampleEvent> All { get; } =
    [
        new("/users", Ada.Value, 1, new UserRegistered(Ada, "ada@example.com", "Ada Łovelace", Placed)),
        new("/users", Ada.Value, 2, new UserProfileChanged(Ada, "Ada L.", Confirmed)),
        new("/users", Ada.Value, 3, new UserDeactivated(Ada, Cancelled)),
        new("/inventory", Hammer.Value, 1, new ProductChanged(Hammer, "SKU-001", "Hammer", new Money(12.5m, "EUR"), 100, Placed)),
        new("/inventory", Kettle.Value, 7, new ProductChanged(Kettle, "KETTLE~1.5", "Kettle", new Money(2990, "JPY"), 0, Confirmed)),
        new("/orders", Order.Value, 1, new OrderPlaced(Order, Ada, "cart-1", "pending", Items, Total, "sim-ok", Placed)),
        new("/orders", Order.Value, 2, new OrderConfirmed(Order, Ada, Total, Confirmed) { Items = Items }),
        new("/orders", Order.Value, 2, new OrderConfirmed(Order, Ada, Total, Confirmed)),
        new("/orders", Order.Value, 3,
            new OrderCancelled(Order, Ada, "customer-request", Total, Cancelled) { ConfirmedAt = Confirmed, Items = Items }),
        new("/orders", Order.Value, 2, new OrderCancelled(Order, Ada, "out-of-stock", Total, Cancelled)),
        new("/orders", Reservation.Value, 1, new ReserveStock(Reservation, Order, [new(Hammer, 2), new(Kettle, 1)])),
        new("/orders", Reservation.Value, 2, new ReleaseStock(Reservation, Order)),
        new("/inventory", Reservation.Value, 1, new StockReserved(Reservation, Order)),
        new("/inventory", Reservation.Value, 1, new ReservationFailed(Reservation, Order, [new(Kettle, 1, 0)])),
        new("/inventory", Reservation.Value, 2, new StockReleased(Reservation, Order)),
        new("/orders", Payment.Value, 1, new ChargePayment(Payment, Order, 1, Total, "sim-ok", Cancelled)),
        new("/orders", Payment.Value, 2, new RefundPayment(Payment, Order, 1, Total)),
        new("/payments", Payment.Value, 1, new PaymentCharged(Payment, Order, new Money(0.125m, "KWD"), Confirmed)),
        new("/payments", Payment.Value, 1, new PaymentDeclined(Payment, Order, "insufficient-funds")),
        new("/payments", Payment.Value, 2, new PaymentRefunded(Payment, Order, new Money(0, "EUR"))),
        new("/notifications", Notification.Value, 1,
            new NotificationSent(Notification, Ada, "order-confirmed", Order.Value, "in-app", Confirmed)),
        new("/recommendations", Hammer.Value, 1, new RecommendationsChanged(Hammer, "SKU-001", [new(Kettle, "KETTLE~1.5", 1)], Confirmed)),
    ];

    public static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}

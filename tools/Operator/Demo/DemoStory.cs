using ForgeShop.Contracts;

namespace ForgeShop.Operator.Demo;

/// <summary>
/// The orders of the demo and all their IDs, derived before the first call to the shop from the e-mail address, the SKU and the
/// Idempotency-Key, by the rules of every service. The first order will be confirmed, the second lacks stock, and the payment of the third
/// is declined.
/// </summary>
public sealed class DemoStory
{
    public const string Sku = "MUG-FORGE";
    public const string Notice = "order-placed";

    public DemoStory(ForgeIds ids, string suffix)
    {
        Email = $"ada.{suffix}@example.com";
        Key = $"demo-{suffix}";
        User = ids.User(Email);
        Product = ids.Product(Sku);
        Confirmed = NewOrder(
            "confirmed", Key, Sku, 2, "sim-ok", Contracts.Events.PaymentCharged.Type, Contracts.Events.OrderConfirmed.Type);
        OutOfStock = NewOrder(
            "cancelled: not enough in stock", Key + "-stock", "HEADSET-PRO", 1000, "sim-ok", Contracts.Events.ReservationFailed.Type,
            Contracts.Events.OrderCancelled.Type);
        Declined = NewOrder(
            "cancelled: payment declined", Key + "-declined", Sku, 1, "sim-declined", Contracts.Events.PaymentDeclined.Type,
            Contracts.Events.OrderCancelled.Type);
        Order = Confirmed.Id;
        Reservation = ids.Reservation(Order);
        Payment = ids.Payment(Order, 1);
        Saga = ids.Saga(Order);
        OrderLine = ids.OrderLine(Order, Product);
        Notification = ids.Notification(User, Notice, Order.Value);
        UserRegistered = ids.Event(User.Value, Contracts.Events.UserRegistered.Type, 1);
        OrderPlaced = ids.Event(Order.Value, Contracts.Events.OrderPlaced.Type, 1);
        OrderConfirmed = ids.Event(Order.Value, Contracts.Events.OrderConfirmed.Type, 2);
        Reserved = ids.Event(Reservation.Value, Contracts.Events.StockReserved.Type, 1);
        Charged = ids.Event(Payment.Value, Contracts.Events.PaymentCharged.Type, 1);
        NotificationSent = ids.Event(Notification.Value, Contracts.Events.NotificationSent.Type, 1);

        DemoOrder NewOrder(string title, string key, string sku, int quantity, string paymentMethod, string turn, string end) =>
            new(title, key, ids.Order(User, key), sku, quantity, paymentMethod, turn, end);
    }

    public string Email { get; }
    public string Key { get; }
    public UserId User { get; }
    public ProductId Product { get; }
    /// <summary>Gets the order whose IDs are looked up in every store.</summary>
    public DemoOrder Confirmed { get; }
    public DemoOrder OutOfStock { get; }
    public DemoOrder Declined { get; }
    public OrderId Order { get; }
    public ReservationId Reservation { get; }
    public PaymentId Payment { get; }
    public SagaId Saga { get; }
    public OrderLineId OrderLine { get; }
    public NotificationId Notification { get; }
    public EventId UserRegistered { get; }
    public EventId OrderPlaced { get; }
    public EventId Reserved { get; }
    public EventId Charged { get; }
    public EventId OrderConfirmed { get; }
    public EventId NotificationSent { get; }

    /// <summary>Gets the entities in the order of the table, with their natural keys in words.</summary>
    public IReadOnlyList<DemoEntity> Entities =>
    [
        new(
            "user", "e-mail address", User.Value,
            "Users, Orders, Notifications and Reporting each derived it from the e-mail address or received it in an event"),
        new("product", "SKU", Product.Value, "Inventory, Orders and Recommendations, in TypeScript, each derived it from the SKU"),
        new(
            "order", "user + Idempotency-Key", Order.Value,
            "Orders derived it from the user and the Idempotency-Key before it stored anything"),
        new("order line", "order + product", OrderLine.Value, "Orders derived it from the order and the product"),
        new("saga", "order", Saga.Value, "Orders derived it from the order for the state of the checkout"),
        new(
            "reservation", "order", Reservation.Value,
            "Orders derived it for the command to Inventory, which stores the reservation under it"),
        new(
            "payment", "order + attempt 1", Payment.Value,
            "Orders derived it for the command to Payments; it is the idempotency key of the payment provider"),
        new(
            "event users.user-registered", "user + type + 1", UserRegistered.Value,
            "Users derived it for its outbox; consumers derived it again to check it"),
        new(
            "event orders.order-placed", "order + type + 1", OrderPlaced.Value,
            "Orders derived it for its outbox; consumers derived it again to check it"),
        new(
            "event inventory.stock-reserved", "reservation + type + 1", Reserved.Value,
            "Inventory derived it; Orders and Reporting derived it again to check it"),
        new(
            "event payments.payment-charged", "payment + type + 1", Charged.Value,
            "Payments derived it; Orders and Reporting derived it again to check it"),
        new(
            "event orders.order-confirmed", "order + type + 2", OrderConfirmed.Value,
            "Orders derived it; consumers derived it again to check it"),
        new("notification", "user + notice + order", Notification.Value, "Notifications derived it from the event"),
        new(
            "event notifications.notification-sent", "notification + type + 1", NotificationSent.Value,
            "Notifications derived it; Reporting derived it again to check it"),
    ];
}

/// <summary>An order that the demo places, and its expected outcome.</summary>
/// <param name="Title">The expected outcome in words.</param>
/// <param name="Key">Its Idempotency-Key.</param>
/// <param name="Id">Derived from the user and the key.</param>
/// <param name="Sku">The SKU of the product.</param>
/// <param name="Quantity">The number of pieces.</param>
/// <param name="PaymentMethod">The behaviour of the simulated provider.</param>
/// <param name="Turn">The type of the event that decides the outcome.</param>
/// <param name="End">The type of the last event of the order itself.</param>
public sealed record DemoOrder(
    string Title, string Key, OrderId Id, string Sku, int Quantity, string PaymentMethod, string Turn, string End);

/// <summary>One row of the table.</summary>
public sealed record DemoEntity(string Name, string NaturalKey, Guid Id, string Derivation);

/// <summary>An ID that was read from a store, found by a natural key or a reference if the store has one.</summary>
/// <param name="Entity">The name of the <see cref="DemoEntity"/>.</param>
/// <param name="Store">The column of the table.</param>
/// <param name="Place">The place in the store.</param>
/// <param name="Found">The ID that was found; null if there was none.</param>
public sealed record StoredId(string Entity, string Store, string Place, Guid? Found);

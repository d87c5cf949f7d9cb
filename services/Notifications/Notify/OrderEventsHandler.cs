namespace ForgeShop.Notifications;

/// <summary>Notifies customers when their orders are placed, confirmed or cancelled.</summary>
public sealed class OrderEventsHandler(NotificationsDb db, ForgeIds ids, TimeProvider time)
    : IBatchHandler<OrderPlaced>, IBatchHandler<OrderConfirmed>, IBatchHandler<OrderCancelled>
{
    private const int MaxNamedItems = 3;

    public Task HandleAsync(IReadOnlyList<Received<OrderPlaced>> events, CancellationToken cancellationToken) => NotifyAsync(
        events, Create, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<OrderConfirmed>> events, CancellationToken cancellationToken) => NotifyAsync(
        events, Create, cancellationToken);

    public Task HandleAsync(IReadOnlyList<Received<OrderCancelled>> events, CancellationToken cancellationToken) => NotifyAsync(
        events, Create, cancellationToken);

    /// <summary>Returns the notification of an event; null for other types of event.</summary>
    public Notification? Create(object data) => data switch
    {
        OrderPlaced placed => Create(placed),
        OrderConfirmed confirmed => Create(confirmed),
        OrderCancelled cancelled => Create(cancelled),
        _ => null,
    };

    /// <summary>Adds the notifications that do not exist yet, and announces them.</summary>
    private async Task NotifyAsync<TEvent>(
        IReadOnlyList<Received<TEvent>> events, Func<TEvent, Notification> create, CancellationToken cancellationToken)
        where TEvent : IEventData
    {
        var notifications = events.Select(received => (Notification: create(received.Data), received.Context.Origin)).ToList();
        var wanted = notifications.Select(each => each.Notification.Id).ToArray();
        var existing = await db.Notifications.Where(notification => wanted.Contains(notification.Id))
            .Select(notification => notification.Id)
            .ToHashSetAsync(cancellationToken);
        foreach (var (notification, origin) in notifications.Where(each => existing.Add(each.Notification.Id)))
        {
            db.Notifications.Add(notification);
            db.Emit(notification, notification.Sent(), origin);
        }
    }

    private Notification Create(OrderPlaced placed) => New(placed.UserId, Notification.OrderPlaced, placed.OrderId, TextOf(placed));

    private Notification Create(OrderConfirmed confirmed) => New(
        confirmed.UserId, Notification.OrderConfirmed, confirmed.OrderId, $"Your order is confirmed: {confirmed.Total} were paid.");

    private Notification Create(OrderCancelled cancelled) => New(
        cancelled.UserId, Notification.OrderCancelled, cancelled.OrderId, TextOf(cancelled));

    private Notification New(UserId user, string kind, OrderId order, string text) =>
        new(ids.Notification(user, kind, order.Value), user, kind, order.Value, text, time.GetUtcNow());

    private static string TextOf(OrderPlaced placed)
    {
        var items = placed.Items.Take(MaxNamedItems).Select(item => $"{item.Quantity} × {item.Name}").ToList();
        if (placed.Items.Count > MaxNamedItems)
            items.Add($"{placed.Items.Count - MaxNamedItems} more");
        var list = items.Count == 1 ? items[0] : $"{string.Join(", ", items.SkipLast(1))} and {items[^1]}";
        return $"Thank you for your order: {list}, {placed.Total} in total.";
    }

    private static string TextOf(OrderCancelled cancelled) => cancelled.Reason switch
    {
        "out-of-stock" => "Your order is cancelled: there is not enough of a product. Nothing was charged.",
        "payment-declined" => "Your order is cancelled: the payment was declined. Nothing was charged.",
        "timed-out" => "Your order is cancelled: it could not be completed in time. Whatever was charged is refunded.",
        "customer-request" => "Your order is cancelled, as you asked for. Whatever was charged is refunded.",
        _ => "Your order is cancelled. Whatever was charged is refunded.",
    };
}

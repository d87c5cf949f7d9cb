using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Messaging;

namespace ForgeShop.Notifications;

/// <summary>Tells customers what became of their orders: that one arrived, that it is confirmed, that it is cancelled and why.</summary>
public sealed class NotifyCustomer(IDocumentCollection<Notification> notifications, DocumentOutbox outbox, ForgeIds ids, TimeProvider time)
    : IEventHandler<OrderPlaced>, IEventHandler<OrderConfirmed>, IEventHandler<OrderCancelled>
{
    private const int NamedItems = 3;

    public Task HandleAsync(OrderPlaced placed, EventContext context, CancellationToken cancellationToken) =>
        NotifyAsync(placed.UserId, Notification.OrderPlaced, placed.OrderId, TextOf(placed), cancellationToken);

    public Task HandleAsync(OrderConfirmed confirmed, EventContext context, CancellationToken cancellationToken) =>
        NotifyAsync(confirmed.UserId, Notification.OrderConfirmed, confirmed.OrderId, $"Your order is confirmed: {confirmed.Total} were paid.", cancellationToken);

    public Task HandleAsync(OrderCancelled cancelled, EventContext context, CancellationToken cancellationToken) =>
        NotifyAsync(cancelled.UserId, Notification.OrderCancelled, cancelled.OrderId, TextOf(cancelled), cancellationToken);

    private async Task NotifyAsync(UserId user, string kind, OrderId order, string text, CancellationToken cancellationToken)
    {
        var id = ids.Notification(user, kind, order.Value);
        var notification = new Notification(id, user, kind, order.Value, text, time.GetUtcNow());
        outbox.Emit(notification, new NotificationSent(id, user, kind, order.Value, notification.Channel, notification.CreatedAt));
        // Notification and event are one document, written if it is not there yet: the event that comes again changes nothing.
        await notifications.UpsertAsync(id.Value, notification, expectedVersion: 0, cancellationToken);
    }

    private static string TextOf(OrderPlaced placed)
    {
        var items = placed.Items.Take(NamedItems).Select(item => $"{item.Quantity} × {item.Name}").ToList();
        if (placed.Items.Count > NamedItems)
            items.Add($"{placed.Items.Count - NamedItems} more");
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

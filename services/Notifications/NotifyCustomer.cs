using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Messaging;

namespace ForgeShop.Notifications;

/// <summary>Tells the customer that their order arrived.</summary>
public sealed class NotifyCustomer(IDocumentCollection<Notification> notifications, DocumentOutbox outbox, ForgeIds ids, TimeProvider time) : IEventHandler<OrderPlaced>
{
    private const int NamedItems = 3;

    public async Task HandleAsync(OrderPlaced placed, EventContext context, CancellationToken cancellationToken)
    {
        var id = ids.Notification(placed.UserId, Notification.OrderPlaced, placed.OrderId.Value);
        var notification = new Notification(id, placed.UserId, Notification.OrderPlaced, placed.OrderId.Value, TextOf(placed), time.GetUtcNow());
        outbox.Emit(notification, new NotificationSent(id, placed.UserId, notification.Kind, notification.Reference, notification.Channel, notification.CreatedAt));
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
}

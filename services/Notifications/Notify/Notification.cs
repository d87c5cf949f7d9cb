namespace ForgeShop.Notifications;

/// <summary>
/// A message to a user. Its ID is derived from the user, the kind and the reference, so that a repeated event does not create a second
/// notification.
/// </summary>
public sealed class Notification(NotificationId id, UserId userId, string kind, Guid reference, string text, DateTimeOffset createdAt)
    : IEventSource
{
    public const string OrderPlaced = "order-placed";
    public const string OrderConfirmed = "order-confirmed";
    public const string OrderCancelled = "order-cancelled";

    public NotificationId Id { get; private set; } = id;

    public UserId UserId { get; private set; } = userId;

    public string Kind { get; private set; } = kind;

    /// <summary>The entity that the notification is about, for example the order.</summary>
    public Guid Reference { get; private set; } = reference;

    /// <summary>The text without the greeting.</summary>
    public string Text { get; private set; } = text;

    public string Channel { get; private set; } = "in-app";

    /// <summary>In the app, a notification is delivered by being listed.</summary>
    public string State { get; private set; } = "delivered";

    public DateTimeOffset CreatedAt { get; private set; } = createdAt.AsStored();

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    /// <summary>Takes over the time of a notification that was announced before it was lost.</summary>
    public void Restore(NotificationSent announced) => (CreatedAt, Channel, LastSequence) = (announced.SentAt, announced.Channel, 1);

    public NotificationSent Sent() => new(Id, UserId, Kind, Reference, Channel, CreatedAt);
}

using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.Messaging;

namespace ForgeShop.Notifications;

/// <summary>
/// A message to a user about something. Its ID is derived from the user, the notice and what it is about, so the same thing is told
/// once, however often its event comes. What it announces itself lies inside it until it is sent.
/// </summary>
public sealed record Notification(NotificationId Id, UserId UserId, string Kind, Guid Reference, string Text, DateTimeOffset CreatedAt) : IEventDocument
{
    public const string OrderPlaced = "order-placed";
    public const string OrderConfirmed = "order-confirmed";
    public const string OrderCancelled = "order-cancelled";

    /// <summary>In whole milliseconds, because that is what documents are sorted by: the times in a list must agree with its order.</summary>
    public DateTimeOffset CreatedAt { get; init; } = CreatedAt.AddTicks(-(CreatedAt.Ticks % TimeSpan.TicksPerMillisecond));

    public string Channel { get; init; } = "in-app";

    /// <summary>In the app a notification is delivered by being listed, so it is so from the beginning.</summary>
    public string State { get; init; } = "delivered";

    public List<OutboxMessage> Events { get; init; } = [];

    Guid IEventDocument.AggregateId => Id.Value;

    public static readonly DocumentField<Notification, Guid> UserField = DocumentField.Uuid<Notification>("userId", notification => notification.UserId.Value);
    public static readonly DocumentField<Notification, DateTimeOffset> CreatedAtField = DocumentField.Time<Notification>("createdAt", notification => notification.CreatedAt);

    public static DocumentModel<Notification> Model { get; } = new(
        "notifications", NotificationsJson.Default.Notification,
        [UserField, CreatedAtField], [EventFields.Due<Notification>()], [EventFields.Position<Notification>()]);
}

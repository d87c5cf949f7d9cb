namespace ForgeShop.Contracts.Events;

/// <summary>A notification reached its user. <paramref name="Reference"/> is the entity it speaks of, for example the order.</summary>
public sealed record NotificationSent(NotificationId NotificationId, UserId UserId, string Notice, Guid Reference, DateTimeOffset SentAt) : IEventData
{
    public static string Type => "notification.sent";
    public static string Topic => Topics.NotificationEvents;
}

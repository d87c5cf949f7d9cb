namespace ForgeShop.Contracts.Events;

/// <summary>
/// A notification was delivered over <paramref name="Channel"/>. <paramref name="Reference"/> is the entity that it is about, for example
/// the order. Version 1 named the kind "notice" and had one channel.
/// </summary>
public sealed record NotificationSent(
    NotificationId NotificationId, UserId UserId, string Kind, Guid Reference, string Channel, DateTimeOffset SentAt)
    : IEventData
{
    public static string Type => "notifications.notification-sent";
    public static string Topic => Topics.NotificationEvents;
    public static int DataVersion => 2;

    public static JsonObject Upcast(JsonObject data, int version)
    {
        data["channel"] = "in-app";
        return data.Rename("notice", "kind");
    }
}

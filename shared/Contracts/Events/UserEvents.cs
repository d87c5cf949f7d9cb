namespace ForgeShop.Contracts.Events;

/// <summary>A user registered. The e-mail address is the user's natural key: the ID is derived from it.</summary>
public sealed record UserRegistered(UserId UserId, string Email, string Name, DateTimeOffset RegisteredAt) : IEventData
{
    public static string Type => "users.user-registered";
    public static string Topic => Topics.UserEvents;
}

/// <summary>A user changed their profile. The e-mail address never changes.</summary>
public sealed record UserProfileChanged(UserId UserId, string Name, DateTimeOffset ChangedAt) : IEventData
{
    public static string Type => "users.user-profile-changed";
    public static string Topic => Topics.UserEvents;
}

/// <summary>An account was closed by its owner or by an administrator. It accepts no more logins; its orders remain.</summary>
public sealed record UserDeactivated(UserId UserId, DateTimeOffset DeactivatedAt) : IEventData
{
    public static string Type => "users.user-deactivated";
    public static string Topic => Topics.UserEvents;
}

namespace ForgeShop.Notifications;

/// <summary>The name of a user, for the greeting. The e-mail address is not stored here.</summary>
public sealed class KnownUser
{
    public required UserId Id { get; init; }

    public required string Name { get; init; }

    /// <summary>The sequence number of the user's event that contained the name.</summary>
    public required long Sequence { get; init; }
}

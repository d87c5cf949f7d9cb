using ForgeShop.Contracts;
using ForgeShop.Documents;

namespace ForgeShop.Notifications;

/// <summary>What this service needs of a user: how to address them. The e-mail address is not kept.</summary>
/// <param name="Sequence">The sequence of the user's event that the name is from.</param>
public sealed record KnownUser(UserId Id, string Name, long Sequence)
{
    public static DocumentModel<KnownUser> Model { get; } = new("users", NotificationsJson.Default.KnownUser);
}

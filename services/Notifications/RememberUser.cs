using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Messaging;

namespace ForgeShop.Notifications;

/// <summary>Keeps the names of users.</summary>
public sealed class RememberUser(IDocumentCollection<KnownUser> users) : IEventHandler<UserRegistered>, IEventHandler<UserProfileChanged>
{
    public Task HandleAsync(UserRegistered registered, EventContext context, CancellationToken cancellationToken) =>
        RememberAsync(new(registered.UserId, registered.Name, context.Sequence), cancellationToken);

    public Task HandleAsync(UserProfileChanged changed, EventContext context, CancellationToken cancellationToken) =>
        RememberAsync(new(changed.UserId, changed.Name, context.Sequence), cancellationToken);

    /// <summary>An event that comes again, or after a later one, changes nothing.</summary>
    private Task RememberAsync(KnownUser user, CancellationToken cancellationToken) =>
        users.UpdateAsync(user.Id.Value, known => known?.Sequence >= user.Sequence ? null : user, cancellationToken);
}

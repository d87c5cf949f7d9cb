using ForgeShop.Caching;
using ForgeShop.Contracts;

namespace ForgeShop.Users;

/// <summary>An account as the API shows it.</summary>
public sealed record UserView(UserId Id, string Email, string Name, DateTimeOffset CreatedAt);

/// <summary>An account as it is cached under <c>user:{id}</c>.</summary>
public sealed record CachedUser(long Version, UserView User) : ICachedView
{
    public UserId Id => User.Id;

    Guid ICachedView.Key => User.Id.Value;

    public static CachedUser Of(User user) => new(user.Version, new UserView(user.Id, user.Email, user.Name, user.CreatedAt));
}

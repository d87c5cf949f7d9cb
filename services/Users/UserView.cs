using ForgeShop.Caching;
using ForgeShop.Contracts;

namespace ForgeShop.Users;

/// <summary>An account as the API shows it.</summary>
public sealed record UserView(UserId Id, string Email, string Name, DateTimeOffset CreatedAt);

/// <summary>An account as it lies in Redis under <c>user:{id}</c>.</summary>
public sealed record CachedUser(UserId Id, long Version, UserView User) : ICachedView
{
    public static CachedUser Of(User user) => new(user.Id, user.Version, new UserView(user.Id, user.Email, user.Name, user.CreatedAt));
}

using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Users;

/// <summary>GET /api/v1/users/{id}</summary>
public static class GetUser
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}", Handle)
        .WithName("GetUser")
        .WithSummary("Shows an account, from the cache where it is there.")
        .Produces<UserView>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> Handle(UserId id, EntityCache<CachedUser> cache, CancellationToken cancellationToken)
    {
        var cached = await cache.GetAsync(id.Value, (services, token) => Load(services.GetRequiredService<UsersDb>(), id, token), cancellationToken);
        return cached is null ? Problems.NotFound("user-not-found", "There is no such user.") : TypedResults.Ok(cached.User);
    }

    private static async Task<CachedUser?> Load(UsersDb db, UserId id, CancellationToken cancellationToken) =>
        await db.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == id, cancellationToken) is { } user ? CachedUser.Of(user) : null;
}

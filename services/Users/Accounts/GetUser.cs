namespace ForgeShop.Users;

/// <summary>GET /api/v1/users/{id}, and /api/v1/users/me for the caller's own ID.</summary>
public static class GetUser
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/me", (Caller caller, EntityCache<CachedUser> cache, CancellationToken cancellationToken) =>
                ShowAsync(caller.Id, cache, cancellationToken))
            .WithName("GetMe")
            .WithSummary("Shows the caller's own account.")
            .Produces<UserView>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .RequirePermission(Permissions.AccountSelf);
        routes.MapGet("/{id}", Handle)
            .WithSummary("Returns the caller's own account; any account with users:read.")
            .WithErrorCodes((404, "user-not-found"))
            .Produces<UserView>()
            .RequirePermission(Permissions.AccountSelf, Permissions.UsersRead);
    }

    // Refused before the lookup: the answer must not reveal whether the account exists.
    private static async Task<IResult> Handle(
        UserId id, Caller caller, EntityCache<CachedUser> cache, CancellationToken cancellationToken) =>
        caller.MaySee(id, Permissions.UsersRead)
            ? await ShowAsync(id, cache, cancellationToken)
            : Problems.Status(StatusCodes.Status403Forbidden);

    private static async Task<IResult> ShowAsync(UserId id, EntityCache<CachedUser> cache, CancellationToken cancellationToken)
    {
        var cached = await cache.GetAsync(
            id.Value, (services, token) => Load(services.GetRequiredService<UsersDb>(), id, token), cancellationToken);
        return cached is null ? Problems.NotFound("user-not-found", "There is no such user.") : TypedResults.Ok(cached.User);
    }

    private static async Task<CachedUser?> Load(UsersDb db, UserId id, CancellationToken cancellationToken) =>
        await db.Users.AsNoTracking().SingleOrDefaultAsync(user => user.Id == id, cancellationToken) is { } user
            ? CachedUser.Of(user)
            : null;
}

/// <summary>An account as the API shows it.</summary>
public sealed record UserView(UserId Id, string Email, string Name, DateTimeOffset CreatedAt);

/// <summary>An account as it is cached under <c>user:{id}</c>.</summary>
public sealed record CachedUser(long Version, UserView User) : ICachedView
{
    public UserId Id => User.Id;

    Guid ICachedView.Key => User.Id.Value;

    public static CachedUser Of(User user) => new(user.Version, new UserView(user.Id, user.Email, user.Name, user.CreatedAt));
}

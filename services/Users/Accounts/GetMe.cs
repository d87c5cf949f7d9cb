namespace ForgeShop.Users;

/// <summary>GET /api/v1/users/me</summary>
public static class GetMe
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/me", Handle)
        .WithSummary("Shows the caller's own account.")
        .Produces<UserView>()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .RequirePermission(Permissions.AccountSelf);

    private static Task<IResult> Handle(Caller caller, EntityCache<CachedUser> cache, CancellationToken cancellationToken) =>
        GetUser.ShowAsync(caller.Id, cache, cancellationToken);
}

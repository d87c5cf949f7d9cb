namespace ForgeShop.Users;

/// <summary>POST /api/v1/users/{id}/deactivate</summary>
public static class DeactivateUser
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/{id}/deactivate", Handle)
        .WithSummary(
            "Closes an account permanently and ends its sessions. Its orders remain. The caller's own account; any account with "
            + "users:write.")
        .WithErrorCodes((404, "user-not-found"))
        .Produces(StatusCodes.Status204NoContent)
        .RequirePermission(Permissions.AccountSelf, Permissions.UsersWrite);

    private static async Task<IResult> Handle(
        UserId id, NoMembers? body, Caller caller, UsersDb db, UserSessions sessions, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!caller.MaySee(id, Permissions.UsersWrite))
            return Problems.Status(StatusCodes.Status403Forbidden);
        var user = await db.InTransactionAsync(async token =>
        {
            var user = await db.LockUserAsync(id, token);
            var now = time.GetUtcNow();
            if (user is null || !user.Deactivate(now))
                return user;
            db.Emit(user, new UserDeactivated(user.Id, now), MessageOrigin.OfRequest());
            await sessions.EndAllAsync(id, token);
            return user;
        }, cancellationToken);
        if (user is null)
            return Problems.NotFound("user-not-found", "There is no such user.");
        return TypedResults.NoContent();
    }
}

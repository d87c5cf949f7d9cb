namespace ForgeShop.Users;

public sealed record ChangePasswordRequest(string? CurrentPassword, string? NewPassword);

/// <summary>PUT /api/v1/users/{id}/password</summary>
public static class ChangePassword
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/{id}/password", Handle)
        .WithSummary("Changes the password and ends all sessions, this one included. A wrong current password is 403 wrong-password.")
        .WithErrorCodes((403, "wrong-password"), (409, "account-changed"), (429, "too-many-attempts"))
        .Produces(StatusCodes.Status204NoContent)
        .RequirePermission(Permissions.AccountSelf);

    private static async Task<IResult> Handle(
        UserId id, ChangePasswordRequest request, Caller caller, HttpContext http, UsersDb db, Passwords passwords, LoginThrottle throttle,
        UserSessions sessions, CancellationToken cancellationToken)
    {
        if (!caller.Is(id))
            return Problems.Status(StatusCodes.Status403Forbidden);
        var errors = new ValidationErrors();
        errors.Add("currentPassword", request.CurrentPassword is null ? "The current password is required." : null);
        errors.Add("newPassword", AccountRules.Password(request.NewPassword));
        if (errors.Any)
            return errors.ToProblem();

        var known = await db.Users.AsNoTracking()
            .SingleOrDefaultAsync(user => user.Id == id && user.DeactivatedAt == null, cancellationToken);
        var current = AccountRules.PreparePassword(request.CurrentPassword) ?? "";
        var isCurrent = false;
        var pause = await throttle.TryAsync(
            db, id, http,
            async () => isCurrent = await passwords.VerifyAsync(known, current, cancellationToken) is not PasswordVerificationResult.Failed,
            cancellationToken);
        if (pause is not null)
            return LoginThrottle.TooManyAttempts(pause.Value);
        if (!isCurrent)
            return Problems.Forbidden("wrong-password", "This is not the current password.");

        var hash = await passwords.HashAsync(AccountRules.PreparePassword(request.NewPassword)!, cancellationToken);
        var changed = await db.InTransactionAsync(async token =>
        {
            var user = await db.LockUserAsync(id, token);
            // The same salted hash means that this request stored it and the commit confirmation was lost.
            if (user?.PasswordHash == hash)
                return user;
            if (user is not { DeactivatedAt: null } || user.PasswordHash != known!.PasswordHash)
                return null;
            user.SetPassword(hash);
            await sessions.EndAllAsync(id, token);
            return user;
        }, cancellationToken);
        if (changed is null)
            return Problems.Conflict("account-changed", "The account was changed at the same moment. Try again.");
        return TypedResults.NoContent();
    }
}

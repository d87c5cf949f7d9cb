namespace ForgeShop.Users;

/// <summary>The outcome of a login: the principal of a new session, or the reason why there is none.</summary>
/// <param name="Principal">The principal of the tokens; null if the login was refused.</param>
/// <param name="IsClosed">The password is correct, but the account is closed.</param>
/// <param name="RetryAfter">Too many attempts failed; how long to wait.</param>
public sealed record LoginResult(ClaimsPrincipal? Principal, bool IsClosed = false, TimeSpan? RetryAfter = null)
{
    public (string Code, string Detail) Refusal => IsClosed
        ? ("account-closed", "This account is closed for good. Open a new one with another e-mail address.")
        : ("bad-credentials", "There is no account with this e-mail address and this password.");
}

/// <summary>Verifies an e-mail address with its password, for the token endpoint and for the login page.</summary>
public sealed class PasswordLogin(UsersDb db, ForgeIds ids, Passwords passwords, LoginThrottle throttle, UserSessions sessions)
{
    /// <summary>Opens a session if the address and the password of <paramref name="request"/> are correct.</summary>
    public async Task<LoginResult> LogInAsync(OpenIddictRequest request, HttpContext http, CancellationToken cancellationToken)
    {
        // Unknown accounts take the same queries, the same slow hash and the same answer.
        _ = ids.TryUser(request.Username, out var id);
        var password = AccountRules.PreparePassword(request.Password) ?? "";
        var (result, again) = (new LoginResult(null), false);
        var pause = await throttle.TryAsync(db, id, http, async () =>
        {
            (result, again) = await TryAsync();
            // Of two concurrent logins that rehash the password, one succeeds; the other finds a hash that it did not verify.
            if (again)
                (result, _) = await TryAsync();
            return result.Principal is not null || result.IsClosed;
        }, cancellationToken);
        return pause is null ? result : new LoginResult(null, RetryAfter: pause);

        async Task<(LoginResult Result, bool Again)> TryAsync()
        {
            var user = await db.Users.AsNoTracking().SingleOrDefaultAsync(known => known.Id == id, cancellationToken);
            var verified = await passwords.VerifyAsync(user, password, cancellationToken);
            if (user is null || verified is PasswordVerificationResult.Failed)
                return (new LoginResult(null), false);
            ids.Verify(user.Id, user.Email);
            // Only a caller with the correct password learns that the account is closed.
            if (user.DeactivatedAt is not null)
                return (new LoginResult(null, IsClosed: true), false);
            var rehashed = verified is PasswordVerificationResult.SuccessRehashNeeded
                ? await passwords.HashAsync(password, cancellationToken)
                : null;
            var principal = await sessions.OpenAsync(id, user.PasswordHash, rehashed, request, cancellationToken);
            return (new LoginResult(principal), principal is null && rehashed is not null);
        }
    }
}

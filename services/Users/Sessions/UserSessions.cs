using Npgsql;
using OpenIddict.EntityFrameworkCore.Models;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace ForgeShop.Users;

/// <summary>
/// Opens, continues and ends the sessions of users. A session is an OpenIddict authorization: all tokens of one login belong to it, and
/// none of its refresh tokens is accepted once it is revoked. Its ID is derived from the user and the time of the login.
/// </summary>
public sealed class UserSessions(
    UsersDb db, ForgeIds ids, IOptions<TokenOptions> options, IOptions<AuthenticationSettings> authentication, TimeProvider time,
    IOpenIddictAuthorizationManager authorizations)
{
    private const int SessionsInARow = 100;
    private const string SessionClaim = "sid";

    /// <summary>
    /// Opens a session for the user whose password was verified. Returns null if the password was changed or the account was closed while
    /// the password was being verified.
    /// </summary>
    /// <param name="rehashed">The same password with the current iteration count, if the stored hash has another one.</param>
    public Task<ClaimsPrincipal?> OpenAsync(
        UserId id, string verifiedHash, string? rehashed, OpenIddictRequest request, CancellationToken cancellationToken) =>
        db.InTransactionAsync(async token =>
        {
            // Locked, so that a password change afterwards finds this session and ends it.
            var user = await db.LockUserAsync(id, token);
            if (user?.PasswordHash != verifiedHash || user.DeactivatedAt is not null)
                return null;
            if (rehashed is not null)
            {
                await db.Users.Where(known => known.Id == id)
                    .ExecuteUpdateAsync(set => set.SetProperty(known => known.PasswordHash, rehashed), token);
            }

            var (session, openedAt) = await InsertAsync(id, request.ClientId!, token);
            return PrincipalOf(user, session, openedAt, Granted(user, request.GetScopes()));
        }, cancellationToken);

    /// <summary>
    /// Continues the session of an authorization code or a refresh token, which OpenIddict has validated, with those of its permissions
    /// that the user still has. OpenIddict gives the access token of a refresh only the scopes that the request names, if it names any; the
    /// new refresh token keeps all (RFC 6749, section 6). Returns null if the account is closed.
    /// </summary>
    public async Task<ClaimsPrincipal?> ContinueAsync(ClaimsPrincipal token, CancellationToken cancellationToken)
    {
        var id = UserId.Parse(token.GetClaim(Claims.Subject)!);
        var user = await db.Users.AsNoTracking()
            .SingleOrDefaultAsync(known => known.Id == id && known.DeactivatedAt == null, cancellationToken);
        if (user is null)
            return null;
        var openedAt = DateTimeOffset.FromUnixTimeSeconds(long.Parse(token.GetClaim(Claims.AuthenticationTime)!));
        return PrincipalOf(user, SessionId.Parse(token.GetAuthorizationId()!), openedAt, token.GetScopes());
    }

    /// <summary>Ends all sessions of a user, in the caller's transaction, which has locked the user.</summary>
    public async Task EndAllAsync(UserId user, CancellationToken cancellationToken) =>
        await authorizations.RevokeBySubjectAsync(user.ToString(), cancellationToken);

    private async Task<(SessionId Id, DateTimeOffset OpenedAt)> InsertAsync(
        UserId user, string clientId, CancellationToken cancellationToken)
    {
        var client = await db.Set<OpenIddictEntityFrameworkCoreApplication<Guid>>()
            .SingleAsync(known => known.ClientId == clientId, cancellationToken);
        var now = time.GetUtcNow();
        // A session's ID is derived from its millisecond; a second login in the same millisecond takes the next one.
        var opened = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMillisecond));
        for (var attempt = 0; ; attempt++, opened = opened.AddMilliseconds(1))
        {
            var id = ids.Session(user, opened);
            var session = db.Add(new OpenIddictEntityFrameworkCoreAuthorization<Guid>
            {
                Id = id.Value,
                Application = client,
                CreationDate = opened.UtcDateTime,
                Status = Statuses.Valid,
                Subject = user.ToString(),
                Type = AuthorizationTypes.AdHoc,
            });
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return (id, opened);
            }
            catch (DbUpdateException error) when (attempt < SessionsInARow
                && error.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                session.State = EntityState.Detached;
            }
        }
    }

    // A refresh token is always issued: the only clients that users log in with are the shop's own.
    private ClaimsPrincipal PrincipalOf(User user, SessionId session, DateTimeOffset openedAt, IEnumerable<string> granted)
    {
        var identity = new ClaimsIdentity(TokenValidationParameters.DefaultAuthenticationType, Claims.Name, Claims.Role);
        identity.SetClaim(Claims.Subject, user.Id.ToString())
            .SetClaim(SessionClaim, session.ToString())
            .SetClaim(Claims.AuthenticationTime, openedAt.ToUnixTimeSeconds())
            .SetAuthorizationId(session.ToString())
            .SetScopes(granted.Intersect([.. user.Permissions, Scopes.OpenId]).Append(Scopes.OfflineAccess))
            .SetResources(authentication.Value.Audience)
            .SetDestinations(claim => claim.Type switch
            {
                SessionClaim => [Destinations.AccessToken, Destinations.IdentityToken],
                Claims.AuthenticationTime => [Destinations.IdentityToken],
                _ => [],
            });
        var left = openedAt + options.Value.SessionLifetime - time.GetUtcNow();
        identity.SetRefreshTokenLifetime(left < options.Value.RefreshTokenLifetime ? left : options.Value.RefreshTokenLifetime);
        return new ClaimsPrincipal(identity);
    }

    /// <summary>
    /// Returns what a login asks for: all permissions of the user if it names none. This is decided here once; the session's tokens keep
    /// it.
    /// </summary>
    private static IEnumerable<string> Granted(User user, IReadOnlyCollection<string> requested) =>
        requested.Intersect(Api.Permissions.OfAdministrators).Any() ? requested : user.Permissions.Concat(requested);
}

using static OpenIddict.Server.OpenIddictServerEvents;

namespace ForgeShop.Users;

/// <summary>
/// Revokes the whole session where OpenIddict revokes single tokens: at the revocation endpoint, and at the reuse of a refresh token after
/// the leeway. A concurrent refresh of the session fails as well.
/// </summary>
public sealed partial class SessionRevocation(
    IOpenIddictAuthorizationManager authorizations, IOpenIddictTokenManager tokens, ILogger<SessionRevocation> logger)
    : IOpenIddictServerHandler<HandleRevocationRequestContext>, IOpenIddictServerHandler<ValidateTokenContext>
{
    public ValueTask HandleAsync(HandleRevocationRequestContext context) => EndAsync(context.GenericTokenPrincipal?.GetAuthorizationId());

    public async ValueTask HandleAsync(ValidateTokenContext context)
    {
        if (!context.Principal!.HasTokenType(OpenIddictConstants.TokenTypeIdentifiers.RefreshToken)
            || await tokens.FindByIdAsync(context.TokenId!) is not { } token
            || await tokens.GetRedemptionDateAsync(token) is not { } redeemedAt
            || context.Options.TimeProvider!.GetUtcNow() < redeemedAt + context.Options.RefreshTokenReuseLeeway)
            return;
        LogReused(logger, context.AuthorizationId, context.Principal!.GetClaim(OpenIddictConstants.Claims.Subject));
        await EndAsync(context.AuthorizationId);
    }

    private async ValueTask EndAsync(string? session)
    {
        if (session is not null && await authorizations.FindByIdAsync(session) is { } authorization)
            await authorizations.TryRevokeAsync(authorization);
    }

    [LoggerMessage(LogLevel.Warning, "Refresh token reused; session {Session} of user {User} revoked")]
    private static partial void LogReused(ILogger logger, string? session, string? user);
}

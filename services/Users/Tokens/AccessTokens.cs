using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Users;

/// <summary>Issues access tokens: JWTs as RFC 9068 says, signed ES256. Whoever has the public keys can verify them; nobody has to ask.</summary>
public sealed class AccessTokens(KeyRing keys, IOptions<TokenOptions> options, IOptions<AuthenticationSettings> settings, TimeProvider time)
{
    // The descriptor has all times; the handler's own would come from another clock.
    private static readonly JsonWebTokenHandler Handler = new() { SetDefaultTimesOnTokenCreation = false };

    public int ExpiresIn => (int)options.Value.AccessTokenLifetime.TotalSeconds;

    /// <summary>For a person: <c>sub</c> is the derived user ID, <c>sid</c> the session that it belongs to.</summary>
    public Task<string> ForUserAsync(UserId user, SessionId session, IEnumerable<string> permissions, CancellationToken cancellationToken) =>
        IssueAsync(user.ToString(), "shop", permissions, new("sid", session.ToString()), cancellationToken);

    /// <summary>For a service: <c>sub</c> is its name.</summary>
    public Task<string> ForServiceAsync(string service, CancellationToken cancellationToken) =>
        IssueAsync(service, service, [Permissions.Internal], null, cancellationToken);

    private async Task<string> IssueAsync(
        string subject, string client, IEnumerable<string> permissions, KeyValuePair<string, object>? more, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var claims = new Dictionary<string, object>
        {
            ["sub"] = subject,
            ["client_id"] = client,
            ["jti"] = Guid.NewGuid().ToString(),
            [PermissionRequirement.ScopeClaim] = string.Join(' ', permissions),
        };
        if (more is { } claim)
            claims.Add(claim.Key, claim.Value);
        return Handler.CreateToken(new SecurityTokenDescriptor
        {
            TokenType = "at+jwt",
            Issuer = settings.Value.Issuer,
            Audience = settings.Value.Audience,
            IssuedAt = now,
            NotBefore = now,
            Expires = now + options.Value.AccessTokenLifetime,
            Claims = claims,
            SigningCredentials = await keys.SignerAsync(cancellationToken),
        });
    }
}

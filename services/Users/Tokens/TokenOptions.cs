using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Users;

/// <summary>Lifetimes and clients of the token server; configuration section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    /// <summary>The lifetime of an access token. It cannot be revoked, so it is short.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "01:00:00")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>The lifetime of an unused refresh token.</summary>
    public TimeSpan RefreshTokenLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>
    /// The time in which a used refresh token is accepted again, for clients whose answer was lost and for two tabs that refresh at once.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan RefreshLeeway { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The maximum lifetime of a session, however often it is refreshed; afterwards the user logs in again.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>The time for which a key signs before the next one takes over.</summary>
    public TimeSpan SigningKeyLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>The time for which a key is published before it signs. It is longer than any service caches a key set.</summary>
    public TimeSpan PublishAhead { get; set; } = TimeSpan.FromHours(1);

    /// <summary>The redirect URIs of the client <c>shop</c>, in addition to those on the user's own machine.</summary>
    public IReadOnlyList<string> RedirectUris { get; set; } = [];
}

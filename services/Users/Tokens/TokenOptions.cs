using System.ComponentModel.DataAnnotations;

namespace ForgeShop.Users;

/// <summary>How long things live; configuration section <c>Tokens</c>.</summary>
public sealed class TokenOptions
{
    /// <summary>An access token cannot be taken back, so it is short.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "01:00:00")]
    public TimeSpan AccessTokenLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>A refresh token that is not used for so long is void.</summary>
    public TimeSpan RefreshTokenLifetime { get; set; } = TimeSpan.FromDays(14);

    /// <summary>However often it is refreshed, a session ends after so long, and the password is asked for again.</summary>
    public TimeSpan SessionLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>How long a key signs before the next one does.</summary>
    public TimeSpan SigningKeyLifetime { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a key is published before it signs: longer than anybody keeps a key set.</summary>
    public TimeSpan PublishAhead { get; set; } = TimeSpan.FromHours(1);
}

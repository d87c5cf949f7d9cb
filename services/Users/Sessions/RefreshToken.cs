using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using ForgeShop.Contracts;

namespace ForgeShop.Users;

/// <summary>A refresh token as it is kept: its hash. The token itself is 256 random bits, which no fast hash endangers.</summary>
public sealed class RefreshToken
{
    private RefreshToken()
    {
    }

    /// <summary>SHA-256 of the token's text.</summary>
    public byte[] Hash { get; private set; } = [];

    public SessionId SessionId { get; private set; }

    public DateTimeOffset ExpiresAt { get; private set; }

    /// <summary>A token is good once: whoever shows one that was used before, or from whom it was stolen, ends the session.</summary>
    public DateTimeOffset? UsedAt { get; private set; }

    public static string NewText() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public static RefreshToken Create(string token, SessionId session, DateTimeOffset expiresAt) =>
        new() { Hash = HashOf(token), SessionId = session, ExpiresAt = expiresAt };

    public static byte[] HashOf(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));

    public void Use(DateTimeOffset now) => UsedAt = now;
}

using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Users;

/// <summary>A P-256 key that access tokens are signed with, as it is stored: the public half plain, the private half protected.</summary>
public sealed class SigningKey
{
    private SigningKey()
    {
    }

    /// <summary>Its <c>kid</c>: the thumbprint of the public half (RFC 7638).</summary>
    public string Id { get; private set; } = "";

    /// <summary>Coordinates of the public half, 32 bytes each, base64url.</summary>
    public string X { get; private set; } = "";

    public string Y { get; private set; } = "";

    /// <summary>PKCS #8, sealed by the data protector.</summary>
    public byte[] ProtectedPrivateKey { get; private set; } = [];

    public DateTimeOffset CreatedAt { get; private set; }

    /// <summary>From when it signs; it can be verified with from its creation.</summary>
    public DateTimeOffset SignsFrom { get; private set; }

    public static SigningKey Create(IDataProtector protector, DateTimeOffset now, DateTimeOffset signsFrom)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var point = key.ExportParameters(includePrivateParameters: false).Q;
        return new SigningKey
        {
            Id = Base64UrlEncoder.Encode(new ECDsaSecurityKey(key).ComputeJwkThumbprint()),
            X = Base64UrlEncoder.Encode(point.X),
            Y = Base64UrlEncoder.Encode(point.Y),
            ProtectedPrivateKey = protector.Protect(key.ExportPkcs8PrivateKey()),
            CreatedAt = now,
            SignsFrom = signsFrom,
        };
    }

    /// <summary>The private half.</summary>
    /// <exception cref="CryptographicException">The data protector's own keys are not those that it was sealed with.</exception>
    public ECDsaSecurityKey Open(IDataProtector protector)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(protector.Unprotect(ProtectedPrivateKey), out _);
        return new ECDsaSecurityKey(key) { KeyId = Id };
    }
}

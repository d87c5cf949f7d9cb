namespace ForgeShop.Users;

/// <summary>A P-256 signing key as stored: the public half in plain text, the private half encrypted.</summary>
public sealed class SigningKey
{
    private SigningKey()
    {
    }

    /// <summary>Gets the <c>kid</c>: the thumbprint of the public half (RFC 7638).</summary>
    public string Id { get; private set; } = "";

    /// <summary>Gets the public half as SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; private set; } = [];

    /// <summary>Gets the private half as PKCS #8, encrypted by the data protector.</summary>
    public byte[] ProtectedPrivateKey { get; private set; } = [];

    /// <summary>Gets the time from which the key signs; it is published from its creation.</summary>
    public DateTimeOffset SignsFrom { get; private set; }

    public static SigningKey Create(IDataProtector protector, DateTimeOffset signsFrom)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SigningKey
        {
            Id = Base64UrlEncoder.Encode(new ECDsaSecurityKey(key).ComputeJwkThumbprint()),
            PublicKey = key.ExportSubjectPublicKeyInfo(),
            ProtectedPrivateKey = protector.Protect(key.ExportPkcs8PrivateKey()),
            SignsFrom = signsFrom,
        };
    }

    /// <exception cref="CryptographicException">The data protector does not have the key that encrypted the private half.</exception>
    public SigningCredentials ToSigner(IDataProtector protector)
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(protector.Unprotect(ProtectedPrivateKey), out _);
        return Credentials(key);
    }

    public SigningCredentials ToVerifier()
    {
        var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(PublicKey, out _);
        return Credentials(key);
    }

    private SigningCredentials Credentials(ECDsa key) => new(new ECDsaSecurityKey(key) { KeyId = Id }, SecurityAlgorithms.EcdsaSha256);
}

namespace ForgeShop.Users;

/// <summary>The public keys as a JSON Web Key Set (RFC 7517).</summary>
public sealed record KeySet(IReadOnlyList<KeySet.Key> Keys)
{
    public sealed record Key(string Kid, string X, string Y)
    {
        public string Kty => "EC";
        public string Crv => "P-256";
        public string Use => "sig";
        public string Alg => "ES256";
    }
}

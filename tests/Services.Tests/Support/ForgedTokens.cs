using System.Security.Cryptography;
using System.Text;
using ForgeShop.Api;
using ForgeShop.Contracts;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Tokens with all permissions and one defect each. A token without a defect is made the same way and must be accepted; otherwise the
/// others would prove nothing.
/// </summary>
public sealed class ForgedTokens(IServiceProvider users, UserId user)
{
    private readonly SigningCredentials _signer = TestTokens.Signer(users);

    public string Good => Issue(_ => { });

    public IEnumerable<(string Name, string Authorization)> All()
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var good = Good;
        var parts = good.Split('.');
        using var another = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var publicKey = ((ECDsaSecurityKey)_signer.Key).ECDsa.ExportSubjectPublicKeyInfo();
        var publicPem = Encoding.ASCII.GetBytes(((ECDsaSecurityKey)_signer.Key).ECDsa.ExportSubjectPublicKeyInfoPem());
        (string Name, string Token)[] tokens =
        [
            ("expired",
                Issue(token =>
                (token.NotBefore, token.IssuedAt, token.Expires) = (now.AddMinutes(-11), now.AddMinutes(-11), now.AddMinutes(-1)))),
            ("not yet valid", Issue(token => (token.NotBefore, token.Expires) = (now.AddMinutes(1), now.AddMinutes(11)))),
            ("without an end", Issue(token => token.Expires = null)),
            ("wrong issuer", Issue(token => token.Issuer = "https://elsewhere.example")),
            ("no issuer", Issue(token => token.Issuer = null)),
            ("wrong audience", Issue(token => token.Audience = "another-shop")),
            ("no audience", Issue(token => token.Audience = null)),
            ("another kind of token", Issue(token => token.TokenType = "JWT")),
            ("unknown key", Issue(token => token.SigningCredentials = Sign(another, Guid.NewGuid().ToString("N")))),
            ("unknown key under a known name", Issue(token => token.SigningCredentials = Sign(another, _signer.Key.KeyId))),
            ("alg none", Unsigned(parts, """{"alg":"none","typ":"at+jwt"}""")),
            ("alg None", Unsigned(parts, """{"alg":"None","typ":"at+jwt"}""")),
            ("alg none with a signature", Unsigned(parts, """{"alg":"none","typ":"at+jwt"}""") + parts[2]),
            ("HS256 keyed with the public key", Issue(token => token.SigningCredentials = Hash(publicKey))),
            ("HS256 keyed with the public key as PEM", Issue(token => token.SigningCredentials = Hash(publicPem))),
            ("tampered payload", $"{parts[0]}.{Tamper(parts[1])}.{parts[2]}"),
            ("truncated signature", good[..^20]),
            ("signature cut by one byte", good[..^2]),
            ("empty signature", $"{parts[0]}.{parts[1]}."),
            ("no signature", $"{parts[0]}.{parts[1]}"),
            ("two tokens in one", $"{good} {good}"),
            ("no token at all", "nonsense"),
            ("not even base64", "a.b.c"),
            ("a very long one", new string('A', 8000)),
        ];
        return [.. tokens.Select(token => (token.Name, "Bearer " + token.Token)),
            ("another scheme", "Basic " + Convert.ToBase64String("admin:admin"u8))];
    }

    private string Issue(Action<SecurityTokenDescriptor> change) =>
        TestTokens.Issue(
            users, user.ToString(), [.. Permissions.OfAdministrators, Permissions.Internal, Permissions.InternalAudit], change);

    private static SigningCredentials Sign(ECDsa key, string name) =>
        new(new ECDsaSecurityKey(key) { KeyId = name }, SecurityAlgorithms.EcdsaSha256);

    private SigningCredentials Hash(byte[] key) =>
        new(new SymmetricSecurityKey(key) { KeyId = _signer.Key.KeyId }, SecurityAlgorithms.HmacSha256);

    private static string Unsigned(string[] parts, string header) => $"{Base64UrlEncoder.Encode(header)}.{parts[1]}.";

    private static string Tamper(string payload) =>
        Base64UrlEncoder.Encode(Base64UrlEncoder.Decode(payload).Replace("\"exp\":1", "\"exp\":2"));
}

using System.Net;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>A service whose tokens somebody else issues, as docs/identity.md describes it: found by discovery, RS256, people known by their address.</summary>
public sealed class AnotherProviderTests(ServersFixture servers)
{
    [Fact]
    public async Task Another_provider_says_who_somebody_is_and_Users_does_not_any_more()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa) { KeyId = "theirs" };
        await using var provider = await StartProvider(rsa.ExportParameters(includePrivateParameters: false));
        var issuer = provider.Urls.Single();
        await using var orders = await servers.StartOrders(
            servers.Inventory.Address, settings:
            [
                ("Authentication:Authority", issuer), ("Authentication:RequireHttps", "false"), ("Authentication:Audience", "the-shop"),
                ("Authentication:Algorithms:0", "RS256"), ("Authentication:UserFrom", "email"),
            ]);
        string Issue(SecurityKey signer, string algorithm, string audience) => new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer, Audience = audience, Expires = DateTime.UtcNow.AddMinutes(5), SigningCredentials = new SigningCredentials(signer, algorithm),
            Claims = new Dictionary<string, object> { ["sub"] = "4711", ["email"] = "Ada@Example.com", ["scope"] = "orders:self" },
        });

        var mine = await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "the-shop")).Get($"/api/v1/orders?userId={servers.Ids.User("ada@example.com")}");
        mine.ShouldBe(HttpStatusCode.OK);
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "the-shop")).Get($"/api/v1/orders?userId={servers.Ids.User("bob@example.com")}"))
            .ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "elsewhere")).Get("/api/v1/orders")).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha512, "the-shop")).Get("/api/v1/orders")).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");
        (await orders.As(servers.Ids.User("ada@example.com")).Get("/api/v1/orders")).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");
    }

    private static async Task<WebApplication> StartProvider(RSAParameters key)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var provider = builder.Build();
        provider.MapGet("/.well-known/openid-configuration", (HttpRequest request) =>
            Results.Json(new { issuer = $"http://{request.Host}", jwks_uri = $"http://{request.Host}/keys" }));
        provider.MapGet("/keys", () => Results.Json(new
        {
            keys = new[] { new { kty = "RSA", use = "sig", kid = "theirs", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) } },
        }));
        await provider.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }
}

using System.Net;
using System.Security.Cryptography;
using ForgeShop.Contracts;
using ForgeShop.Orders;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A service with another identity provider, as in docs/identity.md: discovery, RS256, users identified by e-mail address.
/// </summary>
public sealed class AnotherProviderTests(ServersFixture servers)
{
    private static readonly (string, string)[] ByEmail =
    [
        ("Authentication:RequireHttps", "false"), ("Authentication:Audience", "the-shop"), ("Authentication:Algorithms:0", "RS256"),
        ("Authentication:UserFrom", "email"),
    ];

    [Fact]
    public async Task Token_of_another_provider_identifies_the_user_and_one_of_Users_is_refused()
    {
        using var rsa = RSA.Create(2048);
        var key = new RsaSecurityKey(rsa) { KeyId = "theirs" };
        await using var provider = await StartProvider(rsa.ExportParameters(includePrivateParameters: false));
        var issuer = provider.Urls.Single();
        await using var orders = await servers.StartOrders(
            servers.Inventory.Address, settings: [("Authentication:Authority", issuer), .. ByEmail]);
        string Issue(SecurityKey signer, string algorithm, string audience) =>
            IssueTo("Ada@Example.com", issuer, audience, new SigningCredentials(signer, algorithm), true);

        var (mine, others) = (await StoreOrderOf("ada@example.com"), await StoreOrderOf("bob@example.com"));
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "the-shop")).Get($"/api/v1/orders/{mine}")).ShouldBe(HttpStatusCode.OK);
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "the-shop")).Get($"/api/v1/orders/{others}"))
            .ShouldBe(HttpStatusCode.NotFound);
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha256, "elsewhere")).Get("/api/v1/orders"))
            .ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");
        (await orders.With(Issue(key, SecurityAlgorithms.RsaSha512, "the-shop")).Get("/api/v1/orders"))
            .ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");
        (await orders.As(servers.Ids.User("ada@example.com")).Get("/api/v1/orders"))
            .ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-token");

        Task<OrderId> StoreOrderOf(string email) => orders.InScope<OrdersDb, OrderId>(async db =>
        {
            var user = servers.Ids.User(email);
            var line = new OrderLine(new OrderLineId(Guid.NewGuid()), 0, servers.Ids.Product("A"), "A", "Product", 1, new Money(1m, "EUR"));
            var order = Order.Place(
                servers.Ids.Order(user, "cart-1"), user, "cart-1", new byte[32], "sim-ok", [line], DateTimeOffset.UnixEpoch);
            db.Orders.Add(order);
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            return order.Id;
        });
    }

    /// <summary>Otherwise a user who enters the victim's address at the provider would get the victim's ID.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Unverified_address_of_another_provider_returns_403(bool optOut)
    {
        using var rsa = RSA.Create(2048);
        var signer = new SigningCredentials(new RsaSecurityKey(rsa) { KeyId = "theirs" }, SecurityAlgorithms.RsaSha256);
        await using var provider = await StartProvider(rsa.ExportParameters(includePrivateParameters: false));
        var issuer = provider.Urls.Single();
        (string, string)[] choice = optOut ? [("Authentication:EmailIsVerified", "true")] : [];
        await using var orders = await servers.StartOrders(
            servers.Inventory.Address, settings: [("Authentication:Authority", issuer), .. ByEmail, .. choice]);
        Task<Answer> Ask(object? verified) =>
            orders.With(IssueTo("victim@example.com", issuer, "the-shop", signer, verified)).Get("/api/v1/orders");

        foreach (var verified in new object[] { true, "true", "True" })
            (await Ask(verified)).ShouldBe(HttpStatusCode.OK);
        foreach (var verified in new object[] { false, "false", "", 1, new[] { "true", "false" } })
            (await Ask(verified)).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await Ask(null)).ShouldBe(optOut ? HttpStatusCode.OK : HttpStatusCode.Forbidden);
    }

    private static string IssueTo(string email, string issuer, string audience, SigningCredentials signer, object? verified)
    {
        var claims = new Dictionary<string, object> { ["sub"] = "4711", ["email"] = email, ["scope"] = "orders:self" };
        if (verified is not null)
            claims["email_verified"] = verified;
        return new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer, Audience = audience, SigningCredentials = signer, Claims = claims,
            Expires = TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(5),
        });
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
            keys = new[] { new { kty = "RSA", use = "sig", kid = "theirs", n = Base64UrlEncoder.Encode(key.Modulus),
                e = Base64UrlEncoder.Encode(key.Exponent) } },
        }));
        await provider.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }
}

using System.Net;
using System.Text;
using Microsoft.IdentityModel.JsonWebTokens;

namespace ForgeShop.Services.Tests;

/// <summary>Discovery document, keys and client credentials, for standard clients and other services.</summary>
public sealed class DiscoveryTests(ServersFixture servers)
{
    private HttpClient Http => servers.Users.Anonymous;

    /// <summary>F20: the addresses are those of the configured issuer, whatever the request says about itself.</summary>
    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("X-Forwarded-Host", "evil.example")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("Forwarded", "host=evil.example;proto=http")]
    public async Task Discovery_document_names_the_issuers_addresses_only(string header, string value)
    {
        var document = await Http.Send(HttpMethod.Get, "/.well-known/openid-configuration", null, (header, value));

        document.ShouldBe(HttpStatusCode.OK);
        document.Text("issuer").ShouldBe(TestTokens.Issuer);
        foreach (var (member, path) in new[]
        {
            ("jwks_uri", "/.well-known/jwks.json"), ("token_endpoint", "/connect/token"), ("authorization_endpoint", "/connect/authorize"),
            ("revocation_endpoint", "/connect/revoke"),
        })
            document.Text(member).ShouldBe(TestTokens.Issuer + path);
        document.Body.ToString().ShouldNotContain("evil.example");
    }

    [Fact]
    public async Task Discovery_document_has_the_members_that_the_standards_require()
    {
        var document = (await Http.Get("/.well-known/openid-configuration")).Body;

        string[] List(string member) => [.. document.GetProperty(member).EnumerateArray().Select(value => value.GetString()!)];
        List("response_types_supported").ShouldBe(["code"]);
        List("subject_types_supported").ShouldBe(["public"]);
        List("id_token_signing_alg_values_supported").ShouldBe(["ES256"]);
        List("code_challenge_methods_supported").ShouldBe(["S256"]);
        List("grant_types_supported")
            .ShouldBe(["password", "refresh_token", "client_credentials", "authorization_code"], ignoreOrder: true);
        List("scopes_supported").ShouldContain("orders:self");
    }

    [Fact]
    public async Task Published_keys_are_public_halves()
    {
        var keys = (await Http.Get("/.well-known/jwks.json")).Body.GetProperty("keys").EnumerateArray().ToList();

        keys.ShouldNotBeEmpty();
        foreach (var key in keys)
            key.EnumerateObject().Select(member => member.Name).ShouldBe(["kid", "x", "y", "kty", "crv", "use", "alg"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("orders", null, "client_credentials", HttpStatusCode.OK, null)]
    [InlineData("orders", "wrong-secret-wrong-secret", "client_credentials", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("unknown", "wrong-secret-wrong-secret", "client_credentials", HttpStatusCode.Unauthorized, "invalid_client")]
    [InlineData("shop", "wrong-secret-wrong-secret", "client_credentials", HttpStatusCode.BadRequest, null)]
    [InlineData("orders", null, "password", HttpStatusCode.BadRequest, "unauthorized_client")]
    public async Task Service_gets_a_token_for_its_secret(string client, string? secret, string grant, HttpStatusCode status, string? error)
    {
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client}:{secret ?? ServersFixture.OrdersSecret}"));
        using var form = OAuth.Form(("grant_type", grant), ("username", "a"), ("password", "b"));

        var answer = await Http.Send(HttpMethod.Post, "/connect/token", form, ("Authorization", "Basic " + basic));

        answer.ShouldBe(status);
        if (error is not null)
            answer.Text("error").ShouldBe(error);
        if (status != HttpStatusCode.OK)
            return;
        var token = new JsonWebToken(answer.Text("access_token"));
        (token.Subject, token.GetClaim("scope").Value).ShouldBe(("orders", "internal"));
        answer.Body.TryGetProperty("refresh_token", out _).ShouldBeFalse();
        (await servers.Users.With(answer.Text("access_token")).Get("/api/v1/users/me"))
            .ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task First_party_client_cannot_request_the_scope_of_services()
    {
        var email = $"scope-{Guid.NewGuid():N}@example.com";
        (await Http.Post("/api/v1/users", new { email, name = "Ada", password = "Correct-Horse-1" })).ShouldBe(HttpStatusCode.Created);

        var answer = await Http.Token(
            null, ("client_id", "shop"), ("grant_type", "password"), ("username", email), ("password", "Correct-Horse-1"),
            ("scope", "internal"));

        answer.ShouldBe(HttpStatusCode.BadRequest);
        answer.Body.TryGetProperty("access_token", out _).ShouldBeFalse();
    }
}

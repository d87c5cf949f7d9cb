using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Web;
using ForgeShop.Users;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ForgeShop.Services.Tests;

/// <summary>The authorization code flow with PKCE, and the login page.</summary>
public sealed class AuthorizeTests(ServersFixture servers) : IDisposable
{
    private const string Password = "Correct-Horse-1";
    private const string Verifier = "a-code-verifier-of-at-least-forty-three-characters";

    private static readonly string Challenge = Base64UrlEncoder.Encode(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));

    // The tests read the redirect themselves.
    private readonly HttpClient _browser = new(
        new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = servers.Users.Address };

    public void Dispose() => _browser.Dispose();

    private static (string Name, string Value)[] Request(string redirectUri = "http://127.0.0.1:5173/callback") =>
    [
        ("client_id", "shop"), ("response_type", "code"), ("redirect_uri", redirectUri), ("scope", "openid"), ("state", "<\"state\">"),
        ("code_challenge", Challenge), ("code_challenge_method", "S256"),
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<string> Register()
    {
        var email = $"browser-{Guid.NewGuid():N}@example.com";
        (await servers.Users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password }))
            .ShouldBe(HttpStatusCode.Created);
        return email;
    }

    private async Task<HttpResponseMessage> Get(params (string Name, string Value)[] request)
    {
        using var query = OAuth.Form(request);
        return await _browser.GetAsync($"/connect/authorize?{await query.ReadAsStringAsync(Cancellation)}", Cancellation);
    }

    private Task<HttpResponseMessage> Submit(string email, string password, params (string Name, string Value)[] request) =>
        _browser.PostAsync("/connect/authorize", OAuth.Form([.. request, ("username", email), ("password", password)]), Cancellation);

    [Fact]
    public async Task Login_page_sends_the_request_again_and_cannot_be_framed()
    {
        using var page = await Get([.. Request(), ("login_hint", "\"><script>")]);

        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        page.Headers.GetValues("Content-Security-Policy").Single().ShouldContain("frame-ancestors 'none'");
        page.Headers.CacheControl!.NoStore.ShouldBeTrue();
        page.Headers.Contains("Set-Cookie").ShouldBeFalse();
        var html = await page.Content.ReadAsStringAsync(Cancellation);
        html.ShouldContain("""<input type="hidden" name="state" value="&lt;&quot;state&quot;&gt;">""");
        html.ShouldContain($"""<input type="hidden" name="code_challenge" value="{Challenge}">""");
        html.ShouldNotContain("<script>");
    }

    [Fact]
    public async Task Code_is_exchanged_once_and_only_with_its_verifier()
    {
        var email = await Register();
        using var redirect = await Submit(email, Password, Request());
        redirect.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        redirect.Headers.Location!.GetLeftPart(UriPartial.Path).ShouldBe("http://127.0.0.1:5173/callback");
        var answer = HttpUtility.ParseQueryString(redirect.Headers.Location.Query);
        (answer["state"], answer["iss"]).ShouldBe(("<\"state\">", TestTokens.Issuer));
        Task<Answer> Exchange(string verifier) => servers.Users.Anonymous.Token(
            null, ("client_id", "shop"), ("grant_type", "authorization_code"), ("code", answer["code"]!),
            ("redirect_uri", "http://127.0.0.1:5173/callback"),
            ("code_verifier", verifier));

        (await Exchange(new string('x', 50))).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        var tokens = await Exchange(Verifier);
        tokens.ShouldBe(HttpStatusCode.OK);
        tokens.Text("id_token").ShouldNotBeEmpty();
        (await servers.Users.With(tokens.Text("access_token")).Get("/api/v1/users/me")).Text("email").ShouldBe(email);
        (await servers.Users.Anonymous.Refresh(tokens.Text("refresh_token"))).ShouldBe(HttpStatusCode.OK);

        (await Exchange(Verifier)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
    }

    [Fact]
    public async Task Code_for_permissions_that_the_user_lacks_is_exchanged_for_none()
    {
        var email = await Register();
        using var redirect = await Submit(
            email, Password, [.. Request().Where(field => field.Name != "scope"), ("scope", "openid catalog:write")]);
        var code = HttpUtility.ParseQueryString(redirect.Headers.Location!.Query)["code"]!;

        var tokens = await servers.Users.Anonymous.Token(
            null, ("client_id", "shop"), ("grant_type", "authorization_code"), ("code", code),
            ("redirect_uri", "http://127.0.0.1:5173/callback"),
            ("code_verifier", Verifier));

        foreach (var answer in new[] { tokens, await servers.Users.Anonymous.Refresh(tokens.Text("refresh_token")) })
            new JsonWebToken(answer.Text("access_token")).GetClaim("scope").Value.ShouldBe("openid offline_access");
    }

    [Fact]
    public async Task Wrong_password_shows_the_page_again_and_is_throttled()
    {
        var email = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts; attempt++)
        {
            using var again = await Submit(email, "Wrong-Password-1", Request());
            again.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
            (await again.Content.ReadAsStringAsync(Cancellation)).ShouldContain("""role="alert">There is no account""");
        }

        using var throttled = await Submit(email, Password, Request());
        throttled.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        throttled.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    [Theory]
    [InlineData("https://evil.example/callback")]
    [InlineData("http://127.0.0.1:5173/elsewhere")]
    [InlineData("http://127.0.0.1.evil.example/callback")]
    public async Task Foreign_redirect_URI_is_a_problem_and_no_redirect(string redirectUri)
    {
        using var answer = await Get(Request(redirectUri));

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldContain("\"code\":\"invalid-request\"");
    }

    [Theory]
    [InlineData("code_challenge", "", "invalid-request")]
    [InlineData("code_challenge_method", "plain", "invalid-request")]
    [InlineData("response_type", "token", "unsupported-response-type")]
    public async Task Request_without_PKCE_or_with_another_flow_is_a_problem_and_no_page(string parameter, string value, string code)
    {
        using var answer = await Get(
            [.. Request().Where(field => field.Name != parameter), .. value.Length == 0 ? [] : new[] { (parameter, value) }]);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldContain($"\"code\":\"{code}\"");
    }

    [Fact]
    public async Task Prompt_none_is_redirected_as_login_required()
    {
        using var answer = await Get([.. Request(), ("prompt", "none")]);

        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        HttpUtility.ParseQueryString(answer.Headers.Location!.Query)["error"].ShouldBe("login_required");
    }
}

using System.Net;
using Microsoft.IdentityModel.JsonWebTokens;

namespace ForgeShop.Services.Tests;

/// <summary>The password grant: conditions, permissions and content of the tokens.</summary>
public sealed class LoginTests(ServersFixture servers) : LoginSteps(servers)
{
    private Task<Answer> LogInFor(string scope, string email) => Http.Token(
        Address, ("client_id", "shop"), ("grant_type", "password"), ("username", email), ("password", Password), ("scope", scope));

    private static string Scope(Answer answer) => new JsonWebToken(answer.Text("access_token")).GetClaim("scope").Value;

    [Fact]
    public async Task Login_returns_tokens_that_identify_the_user()
    {
        var (email, id) = await Register();

        var answer = await LogIn($" {email.ToUpperInvariant()} ");

        answer.ShouldBe(HttpStatusCode.OK);
        answer.Body.EnumerateObject().Select(member => member.Name)
            .ShouldBe(["access_token", "token_type", "expires_in", "scope", "refresh_token"], ignoreOrder: true);
        answer.Text("token_type").ShouldBe("Bearer");
        answer.Body.GetProperty("expires_in").GetInt32().ShouldBeInRange(540, 600);
        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var token = new JsonWebToken(answer.Text("access_token"));
        (token.Alg, token.Typ, token.Issuer, token.Subject).ShouldBe(("ES256", "at+jwt", TestTokens.Issuer, id.ToString()));
        token.Audiences.ShouldBe(["forgeshop"]);
        token.GetClaim("client_id").Value.ShouldBe("shop");
        (token.ValidTo - token.IssuedAt).ShouldBe(TimeSpan.FromMinutes(10));
        token.GetClaim("scope").Value
            .ShouldBe("account:self orders:self notifications:self reports:self recommendations:read offline_access");
        (await Servers.Users.Database.Scalar<Guid>("select id from sessions where subject = $1", id.ToString())).ToString()
            .ShouldBe(token.GetClaim("sid").Value);
        answer.Text("access_token").ShouldNotContain("@");

        var me = await Servers.Users.With(answer.Text("access_token")).Get("/api/v1/users/me");
        me.Text("id").ShouldBe(id.ToString());
        me.Text("email").ShouldBe(email);
    }

    [Theory]
    [InlineData("orders:self", "orders:self offline_access")]
    [InlineData("orders:self catalog:write", "orders:self offline_access")]
    [InlineData("catalog:write", "offline_access")]
    [InlineData("openid", "account:self orders:self notifications:self reports:self recommendations:read openid offline_access")]
    public async Task Login_grants_the_requested_permissions_that_the_user_has(string requested, string granted)
    {
        var (email, _) = await Register();

        var answer = await LogInFor(requested, email);

        Scope(answer).ShouldBe(granted);
        answer.Body.TryGetProperty("id_token", out _).ShouldBe(requested == "openid");
    }

    [Theory]
    [InlineData("catalog:write", "offline_access")]
    [InlineData("orders:self catalog:write", "orders:self offline_access")]
    [InlineData("openid", "account:self orders:self notifications:self reports:self recommendations:read openid offline_access")]
    public async Task Refresh_grants_what_the_login_did_and_no_more(string requested, string granted)
    {
        var (email, _) = await Register();
        var login = await LogInFor(requested, email);

        var second = await Http.Refresh(login.Text("refresh_token"));
        var third = await Http.Refresh(second.Text("refresh_token"));

        foreach (var answer in new[] { login, second, third })
            Scope(answer).ShouldBe(granted);
    }

    [Fact]
    public async Task Refresh_that_names_scopes_gets_no_others_and_the_session_keeps_all()
    {
        var (email, _) = await Register();
        var login = await LogInFor("orders:self account:self", email);

        var narrow = await Http.Refresh(login.Text("refresh_token"), "orders:self");
        Scope(narrow).ShouldBe("orders:self");
        Scope(await Http.Refresh(narrow.Text("refresh_token"))).ShouldBe("orders:self account:self offline_access");

        (await Http.Refresh(narrow.Text("refresh_token"), "orders:self reports:self"))
            .ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
    }

    [Fact]
    public async Task Demoted_administrator_loses_permissions_at_the_next_refresh_and_gains_none()
    {
        var (email, id) = await Register();
        Task<bool> Become(string role) =>
            Servers.Users.Database.Scalar<bool>("update users set role = $2 where id = $1 returning true", id.Value, role);
        await Become("administrator");
        var (narrowed, all) = (await LogInFor("catalog:write", email), await LogIn(email));
        Scope(narrowed).ShouldBe("catalog:write offline_access");
        Scope(all).ShouldContain("catalog:write");

        await Become("customer");

        var demoted = await Http.Refresh(narrowed.Text("refresh_token"));
        Scope(demoted).ShouldBe("offline_access");
        Scope(await Http.Refresh(demoted.Text("refresh_token"))).ShouldBe("offline_access");
        Scope(await Http.Refresh(all.Text("refresh_token"))).Split(' ').ShouldBe(
            [.. ForgeShop.Api.Permissions.OfCustomers, "offline_access"], ignoreOrder: true);
    }

    [Fact]
    public async Task Sessions_opened_at_once_have_each_their_own_derived_ID()
    {
        var (email, id) = await Register();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(number => LogIn(email, address: $"10.0.0.{number}")));

        var sessions = answers.Select(answer => new JsonWebToken(answer.Text("access_token")).GetClaim("sid").Value).ToList();
        sessions.Distinct().Count().ShouldBe(5);
        foreach (var session in sessions)
        {
            var opened = await Servers.Users.Database.Scalar<DateTime>(
                "select creation_date from sessions where id = $1", Guid.Parse(session));
            Servers.Ids.Session(id, opened).ToString().ShouldBe(session);
        }
    }

    [Theory]
    [InlineData("invalid_request", "client_id=shop")]
    [InlineData("invalid_request", "client_id=shop&grant_type=password&username=ada%40example.com")]
    [InlineData("invalid_request", "client_id=shop&grant_type=password&username=a&username=b&password=x")]
    [InlineData("invalid_client", "grant_type=password&username=a&password=x")]
    [InlineData("unsupported_grant_type", "client_id=shop&grant_type=implicit")]
    [InlineData("invalid_client", "client_id=someone&grant_type=password&username=a&password=x")]
    [InlineData("invalid_scope", "client_id=shop&grant_type=password&username=a&password=x&scope=nonsense")]
    public async Task Token_request_that_lacks_something_gets_an_OAuth_error(string error, string form)
    {
        using var body = new StringContent(form, null, "application/x-www-form-urlencoded");

        var answer = await Http.Send(HttpMethod.Post, "/connect/token", body);

        answer.Text("error").ShouldBe(error);
        ((int)answer.Status).ShouldBe(error == "invalid_client" ? 401 : 400);
    }

    [Fact]
    public async Task First_administrator_is_configured_and_a_customer_is_not_promoted()
    {
        const string admin = "root@example.com";
        var database = await Servers.CreateDatabase("users");
        await using (var before = await Servers.StartUsersOn(database))
            (await before.Anonymous.Post("/api/v1/users", new { email = "early@example.com", name = "Early Bird", password = Password }))
                .ShouldBe(HttpStatusCode.Created);

        await using (var users = await Servers.StartUsersOn(database, ("Admin:Email", admin), ("Admin:Password", Password)))
        {
            var token = new JsonWebToken((await LogIn(admin, http: users.Anonymous)).Text("access_token"));
            token.GetClaim("scope").Value.Split(' ').ShouldBe([.. ForgeShop.Api.Permissions.OfAdministrators, "offline_access"]);
            token.Subject.ShouldBe(Servers.Ids.User(admin).ToString());
        }

        await using var later = await Servers.StartUsersOn(
            database, ("Admin:Email", "early@example.com"), ("Admin:Password", "Another-Horse-2"));
        new JsonWebToken((await LogIn("early@example.com", http: later.Anonymous)).Text("access_token")).GetClaim("scope").Value
            .ShouldNotContain("catalog:write");
    }
}

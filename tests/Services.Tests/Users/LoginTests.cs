using System.Net;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>The password grant: conditions, content of the tokens, and the login throttle.</summary>
public sealed class LoginTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    private HttpClient Http => servers.Users.Anonymous;

    private async Task<(string Email, UserId Id)> Register(string password = Password)
    {
        var email = $"login-{Guid.NewGuid():N}@example.com";
        (await Http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password })).ShouldBe(HttpStatusCode.Created);
        return (email, servers.Ids.User(email));
    }

    // Each test has an address of its own, so its failed logins slow down no other test.
    private readonly string _address = $"2001:db8:{Random.Shared.Next(1, 0xffff):x}:{Random.Shared.Next(1, 0xffff):x}::1";

    private Task<Answer> LogIn(string email, string password = Password, HttpClient? http = null, string? address = null) =>
        (http ?? Http).LogIn(email, password, address ?? _address);

    private Task<Answer> LogInFor(string scope, string email) => Http.Token(
        _address, ("client_id", "shop"), ("grant_type", "password"), ("username", email), ("password", Password), ("scope", scope));

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
        answer.Body.GetProperty("expires_in").GetInt32().ShouldBeInRange(599, 600);
        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var token = new JsonWebToken(answer.Text("access_token"));
        (token.Alg, token.Typ, token.Issuer, token.Subject).ShouldBe(("ES256", "at+jwt", TestTokens.Issuer, id.ToString()));
        token.Audiences.ShouldBe(["forgeshop"]);
        token.GetClaim("client_id").Value.ShouldBe("shop");
        (token.ValidTo - token.IssuedAt).ShouldBe(TimeSpan.FromMinutes(10));
        token.GetClaim("scope").Value.ShouldBe("account:self orders:self notifications:self reports:self recommendations:read offline_access");
        (await servers.Users.Database.Scalar<Guid>("select id from sessions where subject = $1", id.ToString())).ToString()
            .ShouldBe(token.GetClaim("sid").Value);
        answer.Text("access_token").ShouldNotContain("@");

        var me = await servers.Users.With(answer.Text("access_token")).Get("/api/v1/users/me");
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
            servers.Users.Database.Scalar<bool>("update users set role = $2 where id = $1 returning true", id.Value, role);
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
            var opened = await servers.Users.Database.Scalar<DateTime>(
                "select creation_date from sessions where id = $1", Guid.Parse(session));
            servers.Ids.Session(id, opened).ToString().ShouldBe(session);
        }
    }

    [Fact]
    public async Task Login_with_a_wrong_password_is_answered_like_an_unknown_address()
    {
        var (email, _) = await Register();

        var wrong = await LogIn(email, "Wrong-Password-1");
        var unknown = await LogIn($"unknown-{Guid.NewGuid():N}@example.com");
        var impossible = await LogIn("no address at all");

        foreach (var answer in new[] { wrong, unknown, impossible })
            answer.ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");
        unknown.Body.ToString().ShouldBe(wrong.Body.ToString());
        impossible.Body.ToString().ShouldBe(wrong.Body.ToString());
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

    /// <summary>F11: a concurrent attempt does not count as a failure.</summary>
    [Fact]
    public async Task Logins_at_once_with_the_right_password_all_succeed()
    {
        var (email, _) = await Register();

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => LogIn(email)));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task Right_password_among_wrong_ones_at_once_forgets_the_failures()
    {
        var (email, _) = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts - 1; attempt++)
            (await LogIn(email, "Wrong-Password-1")).ShouldBe(HttpStatusCode.BadRequest);

        (await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => LogIn(email)))).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);

        (await LogIn(email, "Wrong-Password-1")).ShouldBe(HttpStatusCode.BadRequest);
        (await LogIn(email)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Failed_logins_slow_down_one_address_and_lock_out_no_other()
    {
        var (email, _) = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts; attempt++)
            (await LogIn(email, "Wrong-Password-1")).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");

        var next = await LogIn(email);

        next.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-attempts");
        next.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        // The owner, at home.
        (await LogIn(email, address: "192.0.2.7")).ShouldBe(HttpStatusCode.OK);
        // After the pause the correct password is accepted, and the failures are reset.
        await Eventually.Get("the pause is over", _ => LogIn(email), answer => answer.Status == HttpStatusCode.OK,
            cancellationToken: TestContext.Current.CancellationToken);
        (await LogIn(email)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Concurrent_guesses_are_limited_for_known_and_unknown_addresses()
    {
        var (email, _) = await Register();
        foreach (var target in new[] { email, $"unknown-{Guid.NewGuid():N}@example.com" })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LogIn(target, "Wrong-Password-1")));

            answers.Count(answer => answer.Status == HttpStatusCode.BadRequest).ShouldBe(LoginThrottle.FreeAttempts);
            answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests).ShouldBe(20 - LoginThrottle.FreeAttempts);
        }
    }

    /// <summary>F21: composed and decomposed characters are the same password.</summary>
    [Theory]
    [InlineData("Gr\u00fc\u00dfe-aus-K\u00f6ln-9", "Gru\u0308\u00dfe-aus-Ko\u0308ln-9")]
    [InlineData("Gru\u0308\u00dfe-aus-Ko\u0308ln-9", "Gr\u00fc\u00dfe-aus-K\u00f6ln-9")]
    [InlineData("correct horse battery", "correct\u00a0horse\u3000battery")]
    [InlineData("\u1e69-\u212b-ngstr\u00f6m-1", "s\u0323\u0307-\u00c5-ngstro\u0308m-1")]
    public async Task Password_is_the_same_in_composed_and_decomposed_form(string registered, string typed)
    {
        var (email, id) = await Register(registered);

        (await LogIn(email, typed)).ShouldBe(HttpStatusCode.OK);

        (await servers.Users.As(id).Put($"/api/v1/users/{id}/password", new { currentPassword = typed, newPassword = typed + "0" }))
            .ShouldBe(HttpStatusCode.NoContent);
        (await LogIn(email, registered + "0")).ShouldBe(HttpStatusCode.OK);
        (await LogIn(email, registered.ToUpperInvariant() + "0")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Login_with_fewer_rounds_replaces_the_hash_and_ends_no_session()
    {
        var (email, id) = await Register();
        var before = await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        var token = (await LogIn(email)).Text("refresh_token");
        await using var tomorrow = await servers.StartUsersOn(servers.Users.Database, ("Passwords:IterationCount", "2000"));

        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);

        var after = await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        after.ShouldNotBe(before);
        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value)).ShouldBe(after);
        // Two replicas share their keys: each accepts the tokens of the other.
        (await Http.Refresh(token)).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.With((await LogIn(email, http: tomorrow.Anonymous)).Text("access_token")).Get("/api/v1/users/me"))
            .ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Logins_at_once_that_all_find_a_hash_of_fewer_rounds_succeed()
    {
        const int logins = 4;
        var (email, id) = await Register();
        var name = $"tomorrow-{Guid.NewGuid():N}";
        await using var tomorrow = await servers.StartUsersOn(
            $"{servers.Users.Database};Application Name={name}", ("Passwords:IterationCount", "2000"));
        await using var connection = new NpgsqlConnection(servers.Users.Database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (
            var command = new NpgsqlCommand(
            "select 1 from users where id = $1 for update", connection, transaction) { Parameters = { new() { Value = id.Value } } })
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        // All of them have verified the old hash before the first can replace it.
        var answers = Enumerable.Range(0, logins).Select(number => LogIn(email, http: tomorrow.Anonymous, address: $"192.0.2.{number}"))
            .ToList();
        await Eventually.True(
            "all wait for the account",
            async _ =>
                await servers.Users.Database.Scalar<long>(
                "select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'", name) == logins,
            cancellationToken: TestContext.Current.CancellationToken);
        await transaction.DisposeAsync();

        (await Task.WhenAll(answers)).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<long>("select count(*) from sessions where subject = $1", id.ToString())).ShouldBe(logins);
    }

    [Fact]
    public async Task First_administrator_is_configured_and_a_customer_is_not_promoted()
    {
        const string admin = "root@example.com";
        var database = await servers.CreateDatabase("users");
        await using (var before = await servers.StartUsersOn(database))
            (await before.Anonymous.Post("/api/v1/users", new { email = "early@example.com", name = "Early Bird", password = Password }))
                .ShouldBe(HttpStatusCode.Created);

        await using (var users = await servers.StartUsersOn(database, ("Admin:Email", admin), ("Admin:Password", Password)))
        {
            var token = new JsonWebToken((await LogIn(admin, http: users.Anonymous)).Text("access_token"));
            token.GetClaim("scope").Value.Split(' ').ShouldBe([.. ForgeShop.Api.Permissions.OfAdministrators, "offline_access"]);
            token.Subject.ShouldBe(servers.Ids.User(admin).ToString());
        }

        await using var later = await servers.StartUsersOn(
            database, ("Admin:Email", "early@example.com"), ("Admin:Password", "Another-Horse-2"));
        new JsonWebToken((await LogIn("early@example.com", http: later.Anonymous)).Text("access_token")).GetClaim("scope").Value
            .ShouldNotContain("catalog:write");
    }
}

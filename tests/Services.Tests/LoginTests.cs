using System.Net;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.IdentityModel.JsonWebTokens;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>Who somebody is: logging in, staying logged in, and how that ends.</summary>
public sealed class LoginTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    private HttpClient Http => servers.Users.Anonymous;

    private async Task<(string Email, UserId Id)> Register(HttpClient? http = null)
    {
        var email = $"login-{Guid.NewGuid():N}@example.com";
        (await (http ?? Http).Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password })).ShouldBe(HttpStatusCode.Created);
        return (email, servers.Ids.User(email));
    }

    // Each test comes from an address of its own, as the gateway would tell it: what one does wrong slows no other down.
    private readonly string _address = $"2001:db8:{Random.Shared.Next(1, 0xffff):x}:{Random.Shared.Next(1, 0xffff):x}::1";

    private Task<Answer> LogIn(string email, string password = Password, HttpClient? http = null, string? address = null) => (http ?? Http).Send(
        HttpMethod.Post, "/api/v1/auth/token", System.Net.Http.Json.JsonContent.Create(new { email, password }), ("X-Forwarded-For", address ?? _address));

    private Task<Answer> Refresh(string refreshToken) => Http.Post("/api/v1/auth/refresh", new { refreshToken });

    [Fact]
    public async Task A_login_answers_tokens_that_say_who_it_is_and_what_they_may_do()
    {
        var (email, id) = await Register();

        var answer = await LogIn($" {email.ToUpperInvariant()} ");

        answer.ShouldBe(HttpStatusCode.OK);
        answer.Body.EnumerateObject().Select(member => member.Name).ShouldBe(["accessToken", "tokenType", "expiresIn", "refreshToken"]);
        answer.Text("tokenType").ShouldBe("Bearer");
        answer.Body.GetProperty("expiresIn").GetInt32().ShouldBe(600);
        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var token = new JsonWebToken(answer.Text("accessToken"));
        (token.Alg, token.Typ, token.Issuer, token.Subject).ShouldBe(("ES256", "at+jwt", "https://forgeshop.example", id.ToString()));
        token.Audiences.ShouldBe(["forgeshop"]);
        (token.ValidTo - token.ValidFrom).ShouldBe(TimeSpan.FromMinutes(10));
        token.GetClaim("scope").Value.ShouldBe("account:self orders:self notifications:self reports:self");
        var session = token.GetClaim("sid").Value;
        (await servers.Users.Database.Scalar<Guid>("select id from sessions where user_id = $1", id.Value)).ToString().ShouldBe(session);
        answer.Text("accessToken").ShouldNotContain("@");

        var me = await servers.Users.With(answer.Text("accessToken")).Get("/api/v1/users/me");
        me.Text("id").ShouldBe(id.ToString());
        me.Text("email").ShouldBe(email);
    }

    [Fact]
    public async Task A_session_is_named_by_its_user_and_its_millisecond_and_many_at_once_have_each_their_own()
    {
        var (email, id) = await Register();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(number => LogIn(email, address: $"10.0.0.{number}")));

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        var (count, derived) = (await servers.Users.Database.Scalar<long>("select count(*) from sessions where user_id = $1", id.Value), 0);
        count.ShouldBe(5);
        foreach (var (session, issued) in await servers.Users.InScope((UsersDb db) => Task.FromResult(db.Sessions.Where(session => session.UserId == id).ToList().ConvertAll(session => (session.Id, session.IssuedAt)))))
            derived += session == servers.Ids.Session(id, issued) ? 1 : 0;
        derived.ShouldBe(5);
    }

    [Fact]
    public async Task A_wrong_password_and_an_unknown_address_are_answered_alike()
    {
        var (email, _) = await Register();

        var wrong = await LogIn(email, "Wrong-Password-1");
        var unknown = await LogIn($"nobody-{Guid.NewGuid():N}@example.com");
        var impossible = await LogIn("no address at all");

        foreach (var answer in new[] { wrong, unknown, impossible })
            answer.ShouldBeProblem(HttpStatusCode.Unauthorized, "bad-credentials");
        unknown.Text("detail").ShouldBe(wrong.Text("detail"));
        impossible.Text("detail").ShouldBe(wrong.Text("detail"));
    }

    [Theory]
    [InlineData("""{}""", "email", "password")]
    [InlineData("""{"email":"ada@example.com"}""", "password")]
    [InlineData("""{"email":1,"password":"x"}""", "email")]
    public async Task A_login_that_lacks_something_names_it(string body, params string[] fields)
    {
        var answer = await Http.SendJson(HttpMethod.Post, "/api/v1/auth/token", body);

        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields, ignoreOrder: true);
    }

    [Fact]
    public async Task Who_guesses_has_to_wait_and_locks_out_nobody_else()
    {
        var (email, _) = await Register();
        for (var attempt = 0; attempt < LoginThrottle.FreeAttempts; attempt++)
            (await LogIn(email, "Wrong-Password-1")).ShouldBeProblem(HttpStatusCode.Unauthorized, "bad-credentials");

        var next = await LogIn(email);

        next.ShouldBeProblem(HttpStatusCode.TooManyRequests, "too-many-attempts");
        next.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeInRange(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        // The owner, at home.
        (await LogIn(email, address: "192.0.2.7")).ShouldBe(HttpStatusCode.OK);
        // Having waited, one may try again, and the right password is the end of it.
        await Eventually.Get("the pause is over", _ => LogIn(email), answer => answer.Status == HttpStatusCode.OK, cancellationToken: TestContext.Current.CancellationToken);
        (await LogIn(email)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Many_guesses_at_once_are_as_many_as_one_after_the_other_and_unknown_addresses_no_different()
    {
        var (email, _) = await Register();
        foreach (var target in new[] { email, $"nobody-{Guid.NewGuid():N}@example.com" })
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => LogIn(target, "Wrong-Password-1")));

            answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized).ShouldBe(LoginThrottle.FreeAttempts);
            answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests).ShouldBe(20 - LoginThrottle.FreeAttempts);
        }
    }

    [Fact]
    public async Task A_refresh_token_is_good_once_and_shown_again_ends_the_session()
    {
        var (email, id) = await Register();
        var first = await LogIn(email);
        var another = await LogIn(email);

        var second = await Refresh(first.Text("refreshToken"));
        second.ShouldBe(HttpStatusCode.OK);
        second.Text("refreshToken").ShouldNotBe(first.Text("refreshToken"));
        new JsonWebToken(second.Text("accessToken")).GetClaim("sid").Value.ShouldBe(new JsonWebToken(first.Text("accessToken")).GetClaim("sid").Value);
        var third = await Refresh(second.Text("refreshToken"));
        third.ShouldBe(HttpStatusCode.OK);

        (await Refresh(first.Text("refreshToken"))).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        (await Refresh(third.Text("refreshToken"))).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        // Another session of the same user has nothing to do with it.
        (await Refresh(another.Text("refreshToken"))).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<long>("select count(*) from sessions where user_id = $1 and end_reason = 'reused'", id.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task Of_many_who_show_one_refresh_token_at_once_at_most_one_gets_on()
    {
        var (email, _) = await Register();
        var token = (await LogIn(email)).Text("refreshToken");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Refresh(token)));

        var lucky = answers.Where(answer => answer.Status == HttpStatusCode.OK).ShouldHaveSingleItem();
        (await Refresh(lucky.Text("refreshToken"))).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
    }

    [Fact]
    public async Task Nothing_that_opens_a_door_is_stored()
    {
        var (email, _) = await Register();
        var answer = await LogIn(email);

        var everything = new List<string>();
        foreach (var table in new[] { "users", "sessions", "refresh_tokens", "signing_keys", "login_failures", "outbox" })
            everything.Add(await servers.Users.Database.Scalar<string>($"select coalesce(string_agg(to_jsonb(t)::text, ''), '') from {table} t"));
        var stored = string.Concat(everything);

        stored.ShouldNotContain(Password);
        stored.ShouldNotContain(answer.Text("refreshToken"));
        stored.ShouldNotContain(Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(answer.Text("refreshToken"))));
        // A private key as PKCS #8 begins like this.
        stored.ShouldNotContain("308187020100301306072a8648ce3d0201", Case.Insensitive);
    }

    [Fact]
    public async Task Logging_out_ends_the_session()
    {
        var (email, _) = await Register();
        var token = (await LogIn(email)).Text("refreshToken");

        (await Http.Post("/api/v1/auth/logout", new { refreshToken = token })).ShouldBe(HttpStatusCode.NoContent);

        (await Refresh(token)).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        (await Http.Post("/api/v1/auth/logout", new { refreshToken = "never-was-one" })).ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_changed_password_ends_every_session()
    {
        const string next = "Another-Horse-2";
        var (email, id) = await Register();
        var tokens = new[] { await LogIn(email), await LogIn(email) };
        Task<Answer> Change(string currentPassword, string newPassword) =>
            servers.Users.As(id).Put($"/api/v1/users/{id}/password", new { currentPassword, newPassword });

        (await Change("Wrong-Password-1", next)).ShouldBeProblem(HttpStatusCode.Forbidden, "wrong-password");
        (await Change(Password, "short")).Fields.ShouldBe(["newPassword"]);
        (await Refresh(tokens[0].Text("refreshToken"))).ShouldBe(HttpStatusCode.OK);

        (await Change(Password, next)).ShouldBe(HttpStatusCode.NoContent);

        foreach (var token in tokens)
            (await Refresh(token.Text("refreshToken"))).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        (await LogIn(email)).ShouldBeProblem(HttpStatusCode.Unauthorized, "bad-credentials");
        (await LogIn(email, next)).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_closed_account_has_no_sessions_and_gets_none()
    {
        var (email, id) = await Register();
        var token = (await LogIn(email)).Text("refreshToken");

        (await servers.Users.As(id).Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);
        (await servers.Users.Http.Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);

        (await Refresh(token)).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        (await LogIn(email)).ShouldBeProblem(HttpStatusCode.Unauthorized, "bad-credentials");
        (await Http.Post("/api/v1/users", new { email, name = "Somebody Else", password = Password })).ShouldBeProblem(HttpStatusCode.Conflict, "email-taken");
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1 and type = 'users.user-deactivated'", id.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task A_closed_account_changes_no_more_although_its_access_token_is_good_for_minutes()
    {
        var (email, id) = await Register();
        var open = servers.Users.With((await LogIn(email)).Text("accessToken"));
        (await open.Patch($"/api/v1/users/{id}", new { name = "Ada King" })).ShouldBe(HttpStatusCode.OK);
        (await open.Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);

        (await open.Patch($"/api/v1/users/{id}", new { name = "Taken Over" })).ShouldBeProblem(HttpStatusCode.NotFound, "user-not-found");
        (await open.Put($"/api/v1/users/{id}/password", new { currentPassword = Password, newPassword = "Another-Horse-2" })).ShouldBeProblem(HttpStatusCode.Forbidden, "wrong-password");

        (await servers.Users.Database.Scalar<string>("select name from users where id = $1", id.Value)).ShouldBe("Ada King");
        (await servers.Users.Database.Scalar<string>("select type from outbox where subject = $1 order by sequence desc limit 1", id.Value)).ShouldBe("users.user-deactivated");
    }

    [Fact]
    public async Task A_hash_of_yesterday_is_replaced_at_the_next_login_and_ends_no_session()
    {
        var (email, id) = await Register();
        var before = await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        var token = (await LogIn(email)).Text("refreshToken");
        await using var tomorrow = await servers.StartUsersOn(servers.Users.Database, ("Passwords:IterationCount", "2000"));

        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);

        var after = await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        after.ShouldNotBe(before);
        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value)).ShouldBe(after);
        (await Refresh(token)).ShouldBe(HttpStatusCode.OK);
        // Two instances share their keys: what one signs, the other takes.
        (await servers.Users.With(await tomorrow.Tokens!.OfCustomer(id)).Get("/api/v1/users/me")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Of_logins_at_once_with_a_hash_of_yesterday_all_succeed()
    {
        const int logins = 4;
        var (email, id) = await Register();
        var name = $"tomorrow-{Guid.NewGuid():N}";
        await using var tomorrow = await servers.StartUsersOn($"{servers.Users.Database};Application Name={name}", ("Passwords:IterationCount", "2000"));
        await using var connection = new NpgsqlConnection(servers.Users.Database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new NpgsqlCommand("select 1 from users where id = $1 for update", connection, transaction) { Parameters = { new() { Value = id.Value } } })
            await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);

        // All of them have verified the old hash before the first can replace it.
        var answers = Enumerable.Range(0, logins).Select(number => LogIn(email, http: tomorrow.Anonymous, address: $"192.0.2.{number}")).ToList();
        await Eventually.True(
            "all wait for the account",
            async _ => await servers.Users.Database.Scalar<long>("select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'", name) == logins,
            cancellationToken: TestContext.Current.CancellationToken);
        await transaction.DisposeAsync();

        (await Task.WhenAll(answers)).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<long>("select count(*) from sessions where user_id = $1", id.Value)).ShouldBe(logins);
    }

    [Fact]
    public async Task The_first_administrator_comes_from_configuration_and_whoever_has_the_address_already_is_not_promoted()
    {
        const string admin = "root@example.com";
        var database = await servers.CreateDatabase("users");
        await using (var before = await servers.StartUsersOn(database))
            (await before.Anonymous.Post("/api/v1/users", new { email = "early@example.com", name = "Early Bird", password = Password })).ShouldBe(HttpStatusCode.Created);

        await using (var users = await servers.StartUsersOn(database, ("Admin:Email", admin), ("Admin:Password", Password)))
        {
            var token = new JsonWebToken((await LogIn(admin, http: users.Anonymous)).Text("accessToken"));
            token.GetClaim("scope").Value.Split(' ').ShouldBe(ServiceDefaults.Permissions.OfAdministrators);
            token.Subject.ShouldBe(servers.Ids.User(admin).ToString());
        }

        await using var later = await servers.StartUsersOn(database, ("Admin:Email", "early@example.com"), ("Admin:Password", "Another-Horse-2"));
        new JsonWebToken((await LogIn("early@example.com", http: later.Anonymous)).Text("accessToken")).GetClaim("scope").Value.ShouldNotContain("catalog:write");
    }

    [Theory]
    [InlineData("orders", null, "client_credentials", HttpStatusCode.OK, null)]
    [InlineData("orders", "wrong-secret-wrong-secret", "client_credentials", HttpStatusCode.Unauthorized, "invalid-client")]
    [InlineData("nobody", "wrong-secret-wrong-secret", "client_credentials", HttpStatusCode.Unauthorized, "invalid-client")]
    [InlineData("nobody", "", "client_credentials", HttpStatusCode.Unauthorized, "invalid-client")]
    [InlineData("orders", null, "password", HttpStatusCode.BadRequest, "unsupported-grant-type")]
    public async Task A_service_gets_a_token_for_its_secret(string client, string? secret, string grant, HttpStatusCode status, string? code)
    {
        var basic = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"{client}:{secret ?? ServersFixture.OrdersSecret}"));
        using var form = new FormUrlEncodedContent([new("grant_type", grant)]);

        var answer = await Http.Send(HttpMethod.Post, "/internal/token", form, ("Authorization", "Basic " + basic));

        answer.ShouldBe(status);
        if (code is not null)
        {
            answer.ShouldBeProblem(status, code);
            return;
        }

        var token = new JsonWebToken(answer.Text("access_token"));
        (token.Subject, token.GetClaim("scope").Value).ShouldBe(("orders", "internal"));
        (await servers.Users.With(answer.Text("access_token")).Get("/api/v1/users/me")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Whoever_wants_to_verify_tokens_finds_the_keys()
    {
        var configuration = await Http.Send(HttpMethod.Get, "/.well-known/openid-configuration", null, ("X-Forwarded-Host", "shop.example:8443"), ("X-Forwarded-Proto", "https"));
        configuration.Text("issuer").ShouldBe("https://forgeshop.example");
        configuration.Text("jwks_uri").ShouldBe("https://shop.example:8443/.well-known/jwks.json");

        var keys = (await Http.Get("/.well-known/jwks.json")).Body.GetProperty("keys").EnumerateArray().ToList();
        keys.ShouldNotBeEmpty();
        foreach (var key in keys)
            key.EnumerateObject().Select(member => member.Name).ShouldBe(["kid", "x", "y", "kty", "crv", "use", "alg"], ignoreOrder: true);
    }
}

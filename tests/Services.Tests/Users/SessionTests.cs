using System.Net;
using System.Text;
using ForgeShop.Contracts;
using ForgeShop.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.JsonWebTokens;

namespace ForgeShop.Services.Tests;

/// <summary>Sessions: how refresh tokens continue them, and what ends them.</summary>
public sealed class SessionTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    private static readonly (string, string) NoLeeway = ("Tokens:RefreshLeeway", "00:00:00");

    private HttpClient Http => servers.Users.Anonymous;

    private async Task<(string Email, UserId Id)> Register()
    {
        var email = $"session-{Guid.NewGuid():N}@example.com";
        (await Http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password })).ShouldBe(HttpStatusCode.Created);
        return (email, servers.Ids.User(email));
    }

    [Fact]
    public async Task Refresh_continues_the_session_with_a_new_refresh_token()
    {
        var (email, _) = await Register();
        var first = await Http.LogIn(email, Password);

        var second = await Http.Refresh(first.Text("refresh_token"));

        second.ShouldBe(HttpStatusCode.OK);
        second.Text("refresh_token").ShouldNotBe(first.Text("refresh_token"));
        var (before, after) = (new JsonWebToken(first.Text("access_token")), new JsonWebToken(second.Text("access_token")));
        after.GetClaim("sid").Value.ShouldBe(before.GetClaim("sid").Value);
        after.GetClaim("scope").Value.ShouldBe(before.GetClaim("scope").Value);
        (await servers.Users.With(second.Text("access_token")).Get("/api/v1/users/me")).ShouldBe(HttpStatusCode.OK);
        (await Http.Refresh(second.Text("refresh_token"))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Refresh_token_reused_after_the_leeway_ends_its_session_and_no_other()
    {
        await using var strict = await servers.StartUsersOn(servers.Users.Database, NoLeeway);
        var http = strict.Anonymous;
        var (email, id) = await Register();
        var (first, another) = (await http.LogIn(email, Password), await http.LogIn(email, Password));
        var second = await http.Refresh(first.Text("refresh_token"));
        var third = await http.Refresh(second.Text("refresh_token"));
        third.ShouldBe(HttpStatusCode.OK);

        (await http.Refresh(first.Text("refresh_token"))).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");

        (await http.Refresh(third.Text("refresh_token"))).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        (await http.Refresh(another.Text("refresh_token"))).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.Database.Scalar<long>("select count(*) from sessions where subject = $1 and status = 'revoked'",
            id.ToString())).ShouldBe(1);
    }

    /// <summary>H02: two tabs refresh at once, or one repeats a refresh whose answer was lost.</summary>
    [Fact]
    public async Task Refresh_repeated_within_the_leeway_succeeds_and_each_answer_can_be_refreshed()
    {
        var (email, _) = await Register();
        var token = (await Http.LogIn(email, Password)).Text("refresh_token");

        var answers = (await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Http.Refresh(token)))).Append(await Http.Refresh(token))
            .ToList();

        answers.ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        foreach (var answer in answers)
            (await Http.Refresh(answer.Text("refresh_token"))).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Stored_rows_contain_no_secret()
    {
        var (email, _) = await Register();
        var answer = await Http.LogIn(email, Password);

        var everything = new StringBuilder();
        foreach (var table in new[] { "users", "sessions", "tokens", "clients", "signing_keys", "login_failures", "outbox" })
            everything.Append(
                await servers.Users.Database.Scalar<string>($"select coalesce(string_agg(to_jsonb(t)::text, ''), '') from {table} t"));
        var stored = everything.ToString();

        stored.ShouldNotContain(Password);
        stored.ShouldNotContain(answer.Text("refresh_token"));
        stored.ShouldNotContain(answer.Text("access_token").Split('.')[2]);
        stored.ShouldNotContain(ServersFixture.OrdersSecret);
        // The beginning of a private key as PKCS #8.
        stored.ShouldNotContain("308187020100301306072a8648ce3d0201", Case.Insensitive);
    }

    [Fact]
    public async Task Revocation_of_a_refresh_token_ends_the_session()
    {
        var (email, _) = await Register();
        var first = (await Http.LogIn(email, Password)).Text("refresh_token");
        var (second, sibling) = ((await Http.Refresh(first)).Text("refresh_token"), (await Http.Refresh(first)).Text("refresh_token"));

        (await Http.Revoke(second)).ShouldBe(HttpStatusCode.OK);

        (await Http.Refresh(second)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        (await Http.Refresh(sibling)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        (await Http.Revoke(second)).ShouldBe(HttpStatusCode.OK);
        (await Http.Revoke("never-was-one")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Password_change_ends_every_session()
    {
        const string next = "Another-Horse-2";
        var (email, id) = await Register();
        var tokens = new[] { await Http.LogIn(email, Password), await Http.LogIn(email, Password) }.Select(
            answer => answer.Text("refresh_token")).ToList();
        Task<Answer> Change(string currentPassword, string newPassword) =>
            servers.Users.As(id).Put($"/api/v1/users/{id}/password", new { currentPassword, newPassword });

        (await Change("Wrong-Password-1", next)).ShouldBeProblem(HttpStatusCode.Forbidden, "wrong-password");
        (await Change(Password, "short")).Fields.ShouldBe(["newPassword"]);
        tokens[0] = (await Http.Refresh(tokens[0])).Text("refresh_token");

        (await Change(Password, next)).ShouldBe(HttpStatusCode.NoContent);

        foreach (var token in tokens)
            (await Http.Refresh(token)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        (await Http.LogIn(email, Password)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");
        (await Http.LogIn(email, next)).ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>H01: only the correct password reveals a closed account, at the login as at the registration.</summary>
    [Fact]
    public async Task Closed_account_has_no_sessions_and_its_login_returns_account_closed()
    {
        var (email, id) = await Register();
        var token = (await Http.LogIn(email, Password)).Text("refresh_token");

        (await servers.Users.As(id).Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);
        (await servers.Users.Http.Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);

        (await Http.Refresh(token)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant");
        (await Http.LogIn(email, Password)).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "account-closed");
        (await Http.LogIn(email, "Wrong-Password-1")).ShouldBeOAuthError(HttpStatusCode.BadRequest, "invalid_grant", "bad-credentials");
        (await Http.Post("/api/v1/users", new { email, name = "Ada Again", password = Password }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "account-closed");
        (await servers.Users.Database.Scalar<long>("select count(*) from outbox where subject = $1 and type = 'users.user-deactivated'",
            id.Value)).ShouldBe(1);
    }

    [Fact]
    public async Task Closed_account_cannot_be_changed_with_a_valid_access_token()
    {
        var (email, id) = await Register();
        var open = servers.Users.With((await Http.LogIn(email, Password)).Text("access_token"));
        (await open.Patch($"/api/v1/users/{id}", new { name = "Ada King" })).ShouldBe(HttpStatusCode.OK);
        (await open.Post($"/api/v1/users/{id}/deactivate", new { })).ShouldBe(HttpStatusCode.NoContent);

        (await open.Patch($"/api/v1/users/{id}", new { name = "Taken Over" })).ShouldBeProblem(HttpStatusCode.NotFound, "user-not-found");
        (await open.Put($"/api/v1/users/{id}/password", new { currentPassword = Password, newPassword = "Another-Horse-2" }))
            .ShouldBeProblem(HttpStatusCode.Forbidden, "wrong-password");

        (await servers.Users.Database.Scalar<string>("select name from users where id = $1", id.Value)).ShouldBe("Ada King");
        (await servers.Users.Database.Scalar<string>("select type from outbox where subject = $1 order by sequence desc limit 1", id.Value))
            .ShouldBe("users.user-deactivated");
    }

    [Fact]
    public async Task Cleanup_removes_ended_sessions_only()
    {
        await using var users = await servers.StartUsers(settings: ("Tokens:AccessTokenLifetime", "00:00:30"));
        var email = $"session-{Guid.NewGuid():N}@example.com";
        (await users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password }))
            .ShouldBe(HttpStatusCode.Created);
        var (ended, open) = ((await users.Anonymous.LogIn(email, Password)).Text("refresh_token"),
            (await users.Anonymous.LogIn(email, Password)).Text("refresh_token"));
        (await users.Anonymous.Revoke(ended)).ShouldBe(HttpStatusCode.OK);

        await users.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<IdentityMaintenance>().Single()
            .CleanAsync(TimeProvider.System.GetUtcNow() + new TokenOptions().RefreshTokenLifetime + TimeSpan.FromMinutes(1),
                TestContext.Current.CancellationToken);

        (await users.Database.Scalar<long>("select count(*) from sessions")).ShouldBe(1);
        (await users.Anonymous.Refresh(open)).ShouldBe(HttpStatusCode.OK);
    }
}

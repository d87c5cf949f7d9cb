using System.Net;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>The form in which a password is compared, and the hash that is stored.</summary>
public sealed class PasswordHashTests(ServersFixture servers) : LoginSteps(servers)
{
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

        (await Servers.Users.As(id).Put($"/api/v1/users/{id}/password", new { currentPassword = typed, newPassword = typed + "0" }))
            .ShouldBe(HttpStatusCode.NoContent);
        (await LogIn(email, registered + "0")).ShouldBe(HttpStatusCode.OK);
        (await LogIn(email, registered.ToUpperInvariant() + "0")).ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Login_with_fewer_rounds_replaces_the_hash_and_ends_no_session()
    {
        var (email, id) = await Register();
        var before = await Servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        var token = (await LogIn(email)).Text("refresh_token");
        await using var tomorrow = await Servers.StartUsersOn(Servers.Users.Database, ("Passwords:IterationCount", "2000"));

        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);

        var after = await Servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value);
        after.ShouldNotBe(before);
        (await LogIn(email, http: tomorrow.Anonymous)).ShouldBe(HttpStatusCode.OK);
        (await Servers.Users.Database.Scalar<string>("select password_hash from users where id = $1", id.Value)).ShouldBe(after);
        // Two replicas share their keys: each accepts the tokens of the other.
        (await Http.Refresh(token)).ShouldBe(HttpStatusCode.OK);
        (await Servers.Users.With((await LogIn(email, http: tomorrow.Anonymous)).Text("access_token")).Get("/api/v1/users/me"))
            .ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Logins_at_once_that_all_find_a_hash_of_fewer_rounds_succeed()
    {
        const int logins = 4;
        var (email, id) = await Register();
        var name = $"tomorrow-{Guid.NewGuid():N}";
        await using var tomorrow = await Servers.StartUsersOn(
            $"{Servers.Users.Database};Application Name={name}", ("Passwords:IterationCount", "2000"));
        await using var connection = new NpgsqlConnection(Servers.Users.Database);
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
                await Servers.Users.Database.Scalar<long>(
                "select count(*) from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'", name) == logins,
            cancellationToken: TestContext.Current.CancellationToken);
        await transaction.DisposeAsync();

        (await Task.WhenAll(answers)).ShouldAllBe(answer => answer.Status == HttpStatusCode.OK);
        (await Servers.Users.Database.Scalar<long>("select count(*) from sessions where subject = $1", id.ToString())).ShouldBe(logins);
    }
}

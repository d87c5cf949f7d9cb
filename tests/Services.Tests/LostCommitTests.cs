using System.Net;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>A connection that breaks after the commit and before the answer: what is tried again finds its own work, and says that it was done.</summary>
public sealed class LostCommitTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    [Fact]
    public async Task Registering_and_refreshing_succeed_once_although_nobody_heard_of_it()
    {
        var direct = await servers.CreateDatabase("users");
        var database = new NpgsqlConnectionStringBuilder(direct);
        await using var link = UnreliableLink.To(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", link.Port);
        await using var users = await servers.StartUsersOn(database.ConnectionString);
        var (email, http) = ($"lost-{Guid.NewGuid():N}@example.com", users.Anonymous);

        link.LoseCommitOf("INSERT INTO users");
        (await http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password })).ShouldBe(HttpStatusCode.Created);
        link.HasLostCommit.ShouldBeTrue();
        (await direct.Scalar<long>("select count(*) from outbox where type = 'user.registered'")).ShouldBe(1);
        (await http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password })).ShouldBeProblem(HttpStatusCode.Conflict, "email-taken");

        var first = (await http.Post("/api/v1/auth/token", new { email, password = Password })).Text("refreshToken");
        link.LoseCommitOf("INSERT INTO refresh_tokens");
        var second = await http.Post("/api/v1/auth/refresh", new { refreshToken = first });
        second.ShouldBe(HttpStatusCode.OK);
        link.HasLostCommit.ShouldBeTrue();
        (await direct.Scalar<long>("select count(*) from refresh_tokens")).ShouldBe(2);

        // The session goes on with the token that was answered, and ends where the old one is shown by anybody else.
        (await http.Post("/api/v1/auth/refresh", new { refreshToken = second.Text("refreshToken") })).ShouldBe(HttpStatusCode.OK);
        (await http.Post("/api/v1/auth/refresh", new { refreshToken = first })).ShouldBeProblem(HttpStatusCode.Unauthorized, "invalid-refresh-token");
        (await direct.Scalar<string>("select end_reason from sessions")).ShouldBe("reused");
    }
}

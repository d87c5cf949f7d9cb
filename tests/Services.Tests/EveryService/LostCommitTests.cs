using System.Net;
using System.Net.Http.Json;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A connection that breaks after the commit and before its acknowledgement: the retry finds the committed change and reports success.
/// </summary>
public sealed class LostCommitTests(ServersFixture servers)
{
    private const string Password = "Correct-Horse-1";

    [Fact]
    public async Task Registration_whose_commit_is_not_acknowledged_succeeds_once()
    {
        var direct = await servers.CreateDatabase("users");
        var (database, link) = Through(direct);
        await using var unreliable = link;
        await using var users = await servers.StartUsersOn(database);
        var (email, http) = ($"lost-{Guid.NewGuid():N}@example.com", users.Anonymous);

        link.LoseCommitOf("INSERT INTO users");
        (await http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password })).ShouldBe(HttpStatusCode.Created);
        link.HasLostCommit.ShouldBeTrue();
        (await direct.Scalar<long>("select count(*) from outbox where type = 'users.user-registered'")).ShouldBe(1);
        (await http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password }))
            .ShouldBeProblem(HttpStatusCode.Conflict, "email-taken");
    }

    [Fact]
    public async Task Password_change_whose_commit_is_not_acknowledged_succeeds_once()
    {
        var direct = await servers.CreateDatabase("users");
        var (database, link) = Through(direct);
        await using var unreliable = link;
        await using var users = await servers.StartUsersOn(database);
        var email = $"lost-{Guid.NewGuid():N}@example.com";
        var user = servers.Ids.User(email);
        (await users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = Password }))
            .ShouldBe(HttpStatusCode.Created);

        var before = await direct.Scalar<long>("select version from users");
        link.LoseCommitOf("UPDATE users");
        (await users.As(user).Put($"/api/v1/users/{user}/password", new { currentPassword = Password, newPassword = "Another-Horse-2" }))
            .ShouldBe(HttpStatusCode.NoContent);

        link.HasLostCommit.ShouldBeTrue();
        (await direct.Scalar<long>("select version from users")).ShouldBe(before + 1);
        (await users.Anonymous.LogIn(email, "Another-Horse-2")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Order_and_cancellation_whose_commits_are_not_acknowledged_succeed_once()
    {
        var sku = $"LOST-{Guid.NewGuid():N}".ToUpperInvariant();
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Lost", price = new { amount = "1.00", currency = "EUR" }, stock = 10 })).ShouldBe(HttpStatusCode.Created);
        var direct = await servers.CreateDatabase("orders");
        var (database, link) = Through(direct);
        await using var unreliable = link;
        await using var orders = await servers.StartOrdersOn(database);
        var user = servers.Ids.User($"lost-{Guid.NewGuid():N}@example.com");
        var body = new { items = new[] { new { sku, quantity = 1 } }, paymentMethod = "sim-ok" };

        link.LoseCommitOf("INSERT INTO orders");
        (await orders.As(user).Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1")))
            .ShouldBe(HttpStatusCode.Accepted);
        link.HasLostCommit.ShouldBeTrue();

        link.LoseCommitOf("UPDATE orders");
        var order = servers.Ids.Order(user, "cart-1");
        (await orders.As(user).Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null)).ShouldBe(HttpStatusCode.Accepted);
        link.HasLostCommit.ShouldBeTrue();
        (await orders.As(user).Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null)).ShouldBe(HttpStatusCode.Accepted);
        (await direct.Scalar<string>("select string_agg(status, ', ' order by version) from order_history"))
            .ShouldBe("pending, cancelling");
    }

    private static (string Database, UnreliableLink Link) Through(string direct)
    {
        var database = new NpgsqlConnectionStringBuilder(direct);
        var link = UnreliableLink.To(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", link.Port);
        return (database.ConnectionString, link);
    }
}

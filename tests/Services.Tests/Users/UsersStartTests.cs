using System.Net;
using System.Text.Json;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.AspNetCore.Mvc.Testing;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>How Users starts: without its database, and beside another replica.</summary>
public sealed class UsersStartTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Users_refuses_no_token_and_publishes_no_key_until_its_database_answers()
    {
        const string password = "Correct-Horse-1";
        string database, token, keys;
        await using (var before = await servers.StartUsers())
        {
            database = before.Database;
            var email = $"restart-{Guid.NewGuid():N}@example.com";
            (await before.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password })).ShouldBe(HttpStatusCode.Created);
            token = (await before.Anonymous.LogIn(email, password)).Text("access_token");
            keys = await before.Anonymous.GetStringAsync("/.well-known/jwks.json", Cancellation);
        }

        var settings = new NpgsqlConnectionStringBuilder(database);
        await using var link = UnreliableLink.To(settings.Host!, settings.Port);
        (settings.Host, settings.Port) = ("127.0.0.1", link.Port);
        link.Cut();
        await using var users = new WebApplicationFactory<UsersDb>().WithWebHostBuilder(builder => builder
            .UseSetting("Authentication:Issuer", TestTokens.Issuer)
            .UseSetting("ConnectionStrings:users", settings.ConnectionString)
            .UseSetting("ConnectionStrings:redis", servers.Redis)
            .UseSetting("ConnectionStrings:kafka", ServersFixture.NoKafka)
            .UseSetting("ServiceClients:orders", ServersFixture.OrdersSecret));
        using var http = users.CreateClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", token);

        (await http.Get("/alive")).ShouldBe(HttpStatusCode.OK);
        (await http.Get("/health")).Body.GetProperty("checks").GetProperty("seed").GetString().ShouldBe("Unhealthy");
        foreach (
            var path in new[] { "/api/v1/users/me", "/.well-known/jwks.json", "/.well-known/openid-configuration", "/connect/authorize" })
        {
            var early = await http.Get(path);
            early.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
            early.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
        }

        link.Restore();
        await Eventually.True(
            "Users is ready", async cancelled =>
                (await http.GetAsync("/health", cancelled)).IsSuccessStatusCode, cancellationToken: Cancellation);
        (await http.Get("/api/v1/users/me")).ShouldBe(HttpStatusCode.OK);
        (await http.GetStringAsync("/.well-known/jwks.json", Cancellation)).ShouldBe(keys);
    }

    [Fact]
    public async Task Replicas_that_start_together_store_clients_and_administrator_once()
    {
        var database = await servers.CreateDatabase("users");
        (string, string)[] settings = [("Admin:Email", "root@example.com"), ("Admin:Password", "Correct-Horse-1"),
            ("ServiceClients:reports", Guid.NewGuid().ToString("N"))];

        var replicas = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => servers.StartUsersOn(database, settings))));

        (await Clients(database)).Keys.ShouldBe(["orders", "reports", "shop"], ignoreOrder: true);
        foreach (var replica in replicas)
        {
            (await replica.Anonymous.LogIn("root@example.com", "Correct-Horse-1")).ShouldBe(HttpStatusCode.OK);
            await replica.DisposeAsync();
        }
    }

    [Fact]
    public async Task Start_writes_only_clients_that_are_configured_otherwise()
    {
        await using var first = await servers.StartUsers(settings: ("ServiceClients:reports", Guid.NewGuid().ToString("N")));
        var before = await Clients(first.Database);

        await using (await servers.StartUsersOn(first.Database, ("ServiceClients:reports", Guid.NewGuid().ToString("N"))))
        {
            var after = await Clients(first.Database);
            after.Keys.ShouldBe(before.Keys, ignoreOrder: true);
            after.Where(client => before[client.Key] != client.Value).Select(client => client.Key).ShouldBe(["reports"]);
        }

        await using (await servers.StartUsersOn(first.Database))
            (await Clients(first.Database)).Keys.ShouldBe(["orders", "shop"], ignoreOrder: true);
    }

    /// <summary>Returns the stored clients and their versions.</summary>
    private static async Task<Dictionary<string, string>> Clients(string database) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(
        await database.Scalar<string>("select jsonb_object_agg(client_id, concurrency_token)::text from clients"))!;
}

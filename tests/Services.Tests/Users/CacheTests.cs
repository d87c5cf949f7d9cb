using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using ZiggyCreatures.Caching.Fusion;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The cache of Users: entries that do not fit, outages, and concurrent loads. <see cref="CacheOrderTests"/> has several replicas.
/// </summary>
public sealed partial class CacheTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private EntityCache<CachedUser> Cache => servers.Users.Services.GetRequiredService<EntityCache<CachedUser>>();

    private static CachedUser View(UserId id, string name, long version) =>
        new(version, new UserView(id, "cache@example.com", name, DateTimeOffset.UnixEpoch));

    private async Task<string> EntryOf(UserId id) => (await servers.Cache.HashGetAsync($"user:{id}", "data")).ToString();

    private Task<string> EventualEntryOf(UserId id, string text) =>
        Eventually.Get($"Redis has {text}", _ => EntryOf(id), entry => entry.Contains(text, StringComparison.Ordinal),
            cancellationToken: Cancellation);

    private async Task<UserId> Register(HttpClient http)
    {
        var email = $"cache-{Guid.NewGuid():N}@example.com";
        (await http.Post("/api/v1/users", new { email, name = "Before", password = "Correct-Horse-1" })).ShouldBe(HttpStatusCode.Created);
        return servers.Ids.User(email);
    }

    /// <summary>A user that only the cache knows.</summary>
    private async Task<UserId> Plant()
    {
        var id = new UserId(Guid.NewGuid());
        await Cache.GetAsync(id.Value, (_, _) => Task.FromResult<CachedUser?>(View(id, "Only in the cache", 1)), Cancellation);
        return id;
    }

    [Fact]
    public async Task Get_stores_the_entry_as_JSON_in_Redis_with_a_time_to_live()
    {
        var id = await Register(servers.Users.Http);
        await servers.Users.Http.Get($"/api/v1/users/{id}");

        var entry = JsonSerializer.Deserialize<JsonElement>(await EventualEntryOf(id, "Before")).GetProperty("value");
        entry.GetProperty("id").GetString().ShouldBe(id.ToString());
        entry.GetProperty("version").GetInt64()
            .ShouldBe(await servers.Users.Database.Scalar<long>($"select version from users where id = '{id}'"));
        entry.GetProperty("user").GetProperty("name").GetString().ShouldBe("Before");
        (await servers.Cache.KeyTimeToLiveAsync($"user:{id}")).ShouldNotBeNull()
            .ShouldBeInRange(TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(40));
    }

    [Fact]
    public async Task Get_answers_a_cached_user_without_the_database()
    {
        var id = await Plant();

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Only in the cache");
        // A second instance has nothing in its process and another database, so Redis answers.
        await EventualEntryOf(id, "Only in the cache");
        await using var other = await servers.StartUsers(settings: ("Cache:RedisTimeout", "00:00:20"));
        (await other.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Only in the cache");
    }

    /// <summary>The end of an entry that FusionCache never regards as expired.</summary>
    private const string NeverExpires = ""","logicalExpirationTimestamp":3155378975999999999} absexp -1 sldexp -1""";

    private const string Foreign = ""","name":"Foreign","createdAt":"2026-01-01T00:00:00Z"}}""" + NeverExpires;

    public static TheoryData<string, string> Misfits => new()
    {
        { "SET", """{"id":"ID","version":1}""" },
        { "SET", """{"id":"ID","version":99}""" },
        { "SET", "no JSON" },
        { "HSET", "a 1" },
        { "HSET", "version 1 data no-JSON absexp -1 sldexp -1" },
        { "HSET", "version 1 data null absexp -1 sldexp -1" },
        { "HSET", """version 1 data {"value":null} absexp -1 sldexp -1""" },
        { "HSET", """version 1 data {"value":{"id":"ID","version":1}""" + NeverExpires },
        { "HSET", """version 1 data {"value":{"version":1,"user":null}""" + NeverExpires },
        { "HSET", """version 1 data {"value":{"version":1,"user":{"id":"ID","email":null""" + Foreign },
        { "HSET",
            "version 1 data {\"value\":{\"version\":1,\"user\":{\"id\":\"6e16f6c3-de6b-55c3-80ba-75907720bb8a\",\"email\":\"x@example.com\""
            + Foreign },
        { "HSET", "version 1 data x absexp soon sldexp never" },
        { "HSET", "version 1 data x absexp 9223372036854775807 sldexp -1" },
        { "HSET", "version latest" },
        { "HSET", "version -1" },
        { "RPUSH", "1 2 3" },
        { "SADD", "1" },
        { "ZADD", "1 a" },
        { "XADD", "* version 1" },
    };

    [Theory]
    [MemberData(nameof(Misfits))]
    public async Task Get_replaces_an_entry_that_does_not_fit(string command, string arguments)
    {
        var id = await Register(servers.Users.Http);
        string[] words = command == "SET" ? [arguments] : arguments.Split(' ');
        await servers.Cache.ExecuteAsync(
            command, [$"user:{id}", .. words.Select(word => word.Replace("ID", id.ToString(), StringComparison.Ordinal))]);

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        (await EventualEntryOf(id, "Before")).ShouldContain(id.ToString());
        (await servers.Users.As(id).Patch($"/api/v1/users/{id}", new { name = "After" })).ShouldBe(HttpStatusCode.OK);
        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
        await EventualEntryOf(id, "After");
    }

    [Fact]
    public async Task Version_that_the_database_never_reached_expires_although_it_is_read()
    {
        var id = await Register(servers.Users.Http);
        await servers.Cache.ExecuteAsync("HSET", [$"user:{id}", "version", "99"]);
        await servers.Users.Http.Get($"/api/v1/users/{id}");
        await EventualEntryOf(id, "Before");

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");

        (await servers.Cache.KeyTimeToLiveAsync($"user:{id}")).ShouldNotBeNull().ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(30));
    }

    [Theory]
    [InlineData("SET", "x")]
    [InlineData("RPUSH", "x")]
    public async Task Change_replaces_an_entry_that_does_not_fit(string command, string value)
    {
        var id = await Register(servers.Users.Http);
        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        await EventualEntryOf(id, "Before");
        await servers.Cache.ExecuteAsync(command, $"misfit:{id}", value);
        await servers.Cache.KeyRenameAsync($"misfit:{id}", $"user:{id}");

        (await servers.Users.As(id).Patch($"/api/v1/users/{id}", new { name = "After" })).ShouldBe(HttpStatusCode.OK);

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
        await EventualEntryOf(id, "After");
    }

    [Fact]
    public async Task Error_reply_for_one_key_leaves_the_cache_on_for_others()
    {
        var (broken, cached) = (await Register(servers.Users.Http), await Plant());
        for (var i = 0; i < 10; i++)
        {
            await servers.Cache.KeyDeleteAsync($"user:{broken}");
            await servers.Cache.StringSetAsync($"user:{broken}", "not a hash");

            (await servers.Users.Http.Get($"/api/v1/users/{broken}")).Text("name").ShouldBe("Before");
            (await servers.Users.Http.Get($"/api/v1/users/{cached}")).Text("name").ShouldBe("Only in the cache");
        }

        (await servers.Users.Anonymous.Get("/health")).Text("status").ShouldBe("Healthy");
    }

    [Fact]
    public async Task Concurrent_gets_share_a_load_and_one_that_is_cancelled_fails_alone()
    {
        var id = new UserId(Guid.NewGuid());
        var reads = 0;
        var goOn = new TaskCompletionSource();
        using var impatient = new CancellationTokenSource();
        async Task<CachedUser?> Read(IServiceProvider services, CancellationToken token)
        {
            Interlocked.Increment(ref reads);
            await goOn.Task.WaitAsync(token);
            return View(id, "Read once", 1);
        }

        var first = Cache.GetAsync(id.Value, Read, impatient.Token);
        await Eventually.True("the load has begun", _ => Task.FromResult(Volatile.Read(ref reads) == 1), cancellationToken: Cancellation);
        var others = Enumerable.Range(0, 50).Select(_ => Cache.GetAsync(id.Value, Read, Cancellation)).ToList();
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        goOn.SetResult();

        (await Task.WhenAll(others)).ShouldAllBe(view => view!.User.Name == "Read once");
        // The cancelled load, the shared one, and a few that asked Redis for the version before the shared load had stored it.
        reads.ShouldBeLessThan(10);
    }

    [Fact]
    public async Task Changes_during_an_outage_of_Redis_are_read_after_it()
    {
        var (link, redis) = servers.LinkToRedis();
        await using var unreliable = link;
        await using var users = await servers.StartUsers(redis, ("Cache:RedisTimeout", "00:00:05"));
        var id = await Register(users.Http);
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        await EventualEntryOf(id, "Before");

        link.Cut();
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        (await users.As(id).Patch($"/api/v1/users/{id}", new { name = "After" })).ShouldBe(HttpStatusCode.OK);
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
        (await users.Http.GetAsync("/health", Cancellation)).StatusCode.ShouldBe(
            HttpStatusCode.OK, "a service without its cache still serves");
        (await EntryOf(id)).ShouldContain("Before");

        link.Restore();
        await Eventually.True("Redis has the new name", async _ =>
        {
            (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
            return (await EntryOf(id)).Contains("After", StringComparison.Ordinal);
        }, cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Redis_that_hangs_delays_the_first_requests_only()
    {
        var (link, redis) = servers.LinkToRedis();
        await using var unreliable = link;
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var users = await servers.StartUsersOn(
            await servers.CreateDatabase("users"), time,
            ("ConnectionStrings:redis", redis), ("Cache:RedisTimeout", "00:00:01"), ("Cache:PauseAfterFailure", "01:00:00"));
        var id = await Register(users.Http);
        Task<Answer> Get() => users.Http.Get($"/api/v1/users/{id}");

        link.Hang();
        // Only the time-outs of this clock answer the first requests. They open the circuit: a request ends before the clock is advanced.
        await Eventually.True("the circuit is open", async token =>
        {
            var answer = Get();
            await Task.WhenAny(answer, Task.Delay(TimeSpan.FromMilliseconds(500), token));
            if (!answer.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                (await answer).ShouldBe(HttpStatusCode.OK);
                return false;
            }
            (await answer).ShouldBe(HttpStatusCode.OK);
            return true;
        }, cancellationToken: Cancellation);

        // The clock stands still, so a request that waits for Redis would never end.
        for (var i = 0; i < 20; i++)
            (await Get()).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Expired_entries_are_served_while_the_database_is_down()
    {
        var database = new NpgsqlConnectionStringBuilder(await servers.CreateDatabase("users"));
        await using var link = UnreliableLink.To(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", link.Port);
        await using var users = await servers.StartUsersOn(database.ConnectionString, ("Cache:RedisTimeout", "00:00:20"));
        var (read, unread) = (await Register(users.Http), await Register(users.Http));
        (await users.Http.Get($"/api/v1/users/{read}")).Text("name").ShouldBe("Before");
        var expired = LogicalExpiration().Replace(await EventualEntryOf(read, "Before"), "\"logicalExpirationTimestamp\":1");
        await servers.Cache.HashSetAsync($"user:{read}", "data", expired);
        var cache = users.Services.GetRequiredService<IFusionCache>();
        var onlyInProcess = cache.CreateEntryOptions(options => options.SetSkipDistributedCache(true, skipBackplaneNotifications: true));

        link.Cut();
        for (var i = 0; i < 3; i++)
        {
            await cache.ExpireAsync($"user:{read}", onlyInProcess, Cancellation);
            (await users.Http.Get($"/api/v1/users/{read}")).Text("name").ShouldBe("Before");
        }
        (await users.Http.Get($"/api/v1/users/{unread}")).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");
    }

    [GeneratedRegex("\"logicalExpirationTimestamp\":[0-9]+")]
    private static partial Regex LogicalExpiration();
}

using System.Diagnostics;
using System.Net;
using System.Text.Json;
using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>The cache of Users: what it may never show, and what it must survive.</summary>
public sealed class CacheTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static string NewEmail() => $"cache-{Guid.NewGuid():N}@example.com";

    private EntityCache<CachedUser> Cache => servers.Users.Services.GetRequiredService<EntityCache<CachedUser>>();

    private static CachedUser View(UserId id, string name, long version) =>
        new(id, version, new UserView(id, "cache@example.com", name, DateTimeOffset.UnixEpoch));

    private async Task<string> InRedis(UserId id) => (await servers.Cache.StringGetAsync($"user:{id}")).ToString();

    private async Task<UserId> Register(HttpClient http)
    {
        var email = NewEmail();
        (await http.Post("/api/v1/users", new { email, name = "Before", password = "Correct-Horse-1" })).ShouldBe(HttpStatusCode.Created);
        return servers.Ids.User(email);
    }

    [Fact]
    public async Task A_user_that_was_read_lies_in_Redis_as_JSON_for_a_while()
    {
        var id = await Register(servers.Users.Http);
        await servers.Users.Http.Get($"/api/v1/users/{id}");

        var cached = JsonSerializer.Deserialize<JsonElement>(await InRedis(id));
        cached.GetProperty("id").GetString().ShouldBe(id.ToString());
        cached.GetProperty("user").GetProperty("name").GetString().ShouldBe("Before");
        (await servers.Cache.KeyTimeToLiveAsync($"user:{id}")).ShouldNotBeNull().ShouldBeInRange(TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(6));
    }

    [Fact]
    public async Task What_the_cache_has_is_answered_without_the_database()
    {
        var id = new UserId(Guid.NewGuid());
        await Cache.PutAsync(id.Value, View(id, "Only in the cache", 1));

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Only in the cache");
    }

    [Fact]
    public async Task A_slow_reader_cannot_put_back_what_was_there_before_a_change()
    {
        var id = new UserId(Guid.NewGuid());
        var (hasRead, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = Cache.GetAsync(id.Value, async (_, _) =>
        {
            hasRead.SetResult();
            await goOn.Task;
            return View(id, "Before", 1);
        }, Cancellation);
        await hasRead.Task;

        await Cache.PutAsync(id.Value, View(id, "After", 2));
        goOn.SetResult();
        await slow;

        (await Cache.GetAsync(id.Value, (_, _) => throw new InvalidOperationException("It is in the cache."), Cancellation))!.User.Name.ShouldBe("After");
        (await InRedis(id)).ShouldContain("After");
    }

    [Fact]
    public async Task Changes_that_reach_the_cache_in_the_wrong_order_end_with_the_later_one()
    {
        var id = new UserId(Guid.NewGuid());

        await Cache.PutAsync(id.Value, View(id, "Third", 3));
        await Cache.PutAsync(id.Value, View(id, "Second", 2));

        (await InRedis(id)).ShouldContain("Third");
    }

    [Fact]
    public async Task A_value_that_nobody_can_read_is_replaced()
    {
        var id = await Register(servers.Users.Http);
        await servers.Cache.StringSetAsync($"user:{id}", "no JSON at all");

        (await servers.Users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        (await InRedis(id)).ShouldContain("Before");
    }

    [Fact]
    public async Task Many_who_ask_at_once_share_one_read_of_the_database_and_one_who_leaves_takes_nobody_along()
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
        await Eventually.True("the read has begun", _ => Task.FromResult(Volatile.Read(ref reads) == 1), cancellationToken: Cancellation);
        // LoadAsync joins the read before it returns its task; GetAsync asks Redis first, which can take longer than the read.
        var others = Enumerable.Range(0, 50).Select(_ => Cache.LoadAsync(id.Value, Read, Cancellation)).ToList();
        await impatient.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => first);
        goOn.SetResult();

        (await Task.WhenAll(others)).ShouldAllBe(view => view!.User.Name == "Read once");
        reads.ShouldBe(1);
    }

    [Fact]
    public async Task With_Redis_away_the_database_answers_and_changes_are_shown_also_once_Redis_is_back_with_its_old_data()
    {
        var (link, redis) = servers.LinkToRedis();
        await using var unreliable = link;
        await using var users = await servers.StartUsers(redis, ("Cache:RedisTimeout", "00:00:05"));
        var id = await Register(users.Http);
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        (await InRedis(id)).ShouldContain("Before");

        link.Cut();
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("Before");
        (await users.As(id).Patch($"/api/v1/users/{id}", new { name = "After" })).ShouldBe(HttpStatusCode.OK);
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
        (await users.Http.GetAsync("/health", Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK, "a service without its cache still serves");
        (await InRedis(id)).ShouldContain("Before");

        link.Restore();
        await Eventually.Get("Redis has the new name", _ => InRedis(id), json => json.Contains("After", StringComparison.Ordinal), cancellationToken: Cancellation);
        (await users.Http.Get($"/api/v1/users/{id}")).Text("name").ShouldBe("After");
    }

    [Fact]
    public async Task A_Redis_that_hangs_costs_a_moment_and_not_an_answer()
    {
        var (link, redis) = servers.LinkToRedis();
        await using var unreliable = link;
        await using var users = await servers.StartUsers(redis, ("Cache:RedisTimeout", "00:00:01"), ("Cache:PauseAfterFailure", "00:01:00"));
        var id = await Register(users.Http);

        link.Hang();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++)
            (await users.Http.Get($"/api/v1/users/{id}")).ShouldBe(HttpStatusCode.OK);

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(12), "after the first time-out Redis is left alone for a while");
    }
}

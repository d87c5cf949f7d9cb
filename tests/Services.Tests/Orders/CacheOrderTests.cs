using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using ForgeShop.Caching;
using ForgeShop.Contracts;
using ForgeShop.Orders;
using ForgeShop.Databases;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ForgeShop.Services.Tests;

/// <summary>Two replicas of Orders on one database and one Redis: a reader never gets an older version than before.</summary>
public sealed class CacheOrderTests(ServersFixture servers) : IAsyncLifetime
{
    private readonly RedisServer _redis = new();
    private IConnectionMultiplexer _admin = null!;
    private RunningService<OrdersDb> _one = null!;
    private RunningService<OrdersDb> _other = null!;
    private UserId _user;
    private OrderId _order;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Path => $"/api/v1/orders/{_order}";

    public async ValueTask InitializeAsync()
    {
        await _redis.StartAsync(Cancellation);
        _admin = await ConnectionMultiplexer.ConnectAsync(_redis.ConnectionString + ",allowAdmin=true");
        var database = await servers.CreateDatabase("orders");
        _one = await Start(database);
        _other = await Start(database);
        _user = servers.Ids.User($"replicas-{Guid.NewGuid():N}@example.com");
        _order = servers.Ids.Order(_user, "cart-1");
        var sku = $"CACHE-{Guid.NewGuid():N}".ToUpperInvariant();
        var product = new { name = "Cached", price = new { amount = "1.00", currency = "EUR" }, stock = 10 };
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", product)).ShouldBe(HttpStatusCode.Created);
        var body = new { items = new[] { new { sku, quantity = 1 } } };
        (await _one.As(_user).Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1")))
            .ShouldBe(HttpStatusCode.Accepted);
    }

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
        await _admin.DisposeAsync();
        await _redis.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private Task<RunningService<OrdersDb>> Start(string database) =>
        servers.StartOrdersOn(
            database, redis: _redis.ConnectionString, settings: [("Cache:RedisTimeout", "00:00:20"), ("Inventory:Timeout", "00:00:20")]);

    /// <summary>Forbids all channels: the entries in Redis stay readable and writable, the messages of the backplane are lost.</summary>
    private Task LoseBackplane() => _admin.GetDatabase().ExecuteAsync("ACL", "SETUSER", "default", "resetchannels");

    private static EntityCache<CachedOrder> CacheOf(RunningService<OrdersDb> replica) =>
        replica.Services.GetRequiredService<EntityCache<CachedOrder>>();

    private async Task<CachedOrder?> Load(IServiceProvider services, CancellationToken cancellationToken) =>
        CachedOrder.Of(await services.GetRequiredService<OrdersDb>().Orders.AsNoTracking()
            .SingleAsync(order => order.Id == _order, cancellationToken));

    private async Task ShouldShow(RunningService<OrdersDb> replica, string status) =>
        (await replica.As(_user).Get(Path)).Text("status").ShouldBe(status);

    private async Task Cancel(RunningService<OrdersDb> replica) =>
        (await replica.As(_user).Send(HttpMethod.Post, $"{Path}/cancel", null)).Text("status").ShouldBe("cancelling");

    [Fact]
    public async Task Entry_with_a_null_in_a_list_is_replaced()
    {
        await ShouldShow(_one, "pending");
        var (redis, key) = (_admin.GetDatabase(), $"order:{_order}");
        var entry = await Eventually.Get(
            "the entry is in Redis", async _ => (await redis.HashGetAsync(key, "data")).ToString(), data => data.Length > 0,
            cancellationToken: Cancellation);
        var foreign = JsonNode.Parse(entry)!;
        foreign["value"]!["order"]!["items"] = new JsonArray((JsonNode?)null);
        await redis.HashSetAsync(key, "data", foreign.ToJsonString());

        (await _other.As(_user).Get(Path)).Body.GetProperty("items")[0].GetProperty("quantity").GetInt32().ShouldBe(1);

        await Eventually.Get(
            "the entry is replaced", async _ => (await redis.HashGetAsync(key, "data")).ToString(),
            data => data.Contains("\"quantity\"", StringComparison.Ordinal), cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Reader_gets_no_older_version_from_another_replica_without_backplane()
    {
        await ShouldShow(_one, "pending");
        await ShouldShow(_other, "pending");
        await LoseBackplane();

        await Cancel(_one);

        await ShouldShow(_other, "cancelling");
        await ShouldShow(_one, "cancelling");
    }

    [Fact]
    public async Task Slow_load_that_began_before_a_change_is_not_answered_after_it()
    {
        var (hasRead, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var slow = CacheOf(_other).GetAsync(_order.Value, async (services, token) =>
        {
            var view = await Load(services, token);
            hasRead.SetResult();
            await goOn.Task.WaitAsync(token);
            return view;
        }, Cancellation);
        await hasRead.Task;

        await Cancel(_one);
        var joined = _other.As(_user).Get(Path);
        goOn.SetResult();

        (await slow)!.Order.Status.ShouldBe("pending");
        (await joined).Text("status").ShouldBe("cancelling");
        await ShouldShow(_other, "cancelling");
        await ShouldShow(_one, "cancelling");
    }

    [Fact]
    public async Task Invalidation_before_the_commit_leaves_no_old_version_after_a_kill()
    {
        await ShouldShow(_other, "pending");
        await LoseBackplane();

        // As after a kill right after the commit: the row is changed, and the cache is not.
        await using (var scope = _one.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<OrdersDb>();
            var order = await db.Orders.SingleAsync(order => order.Id == _order, Cancellation);
            order.BeginCancelling(CancelReason.CustomerRequest, DateTimeOffset.UnixEpoch);
            await db.WithoutRetriesAsync(async token =>
            {
                await using var transaction = await db.Database.BeginTransactionAsync(token);
                await db.SaveChangesAsync(token);
                await ShouldShow(_other, "pending");
                return await db.Database.ExecuteSqlRawAsync("commit", token);
            }, Cancellation);
        }

        await ShouldShow(_other, "cancelling");
    }

    [Fact]
    public async Task Redis_that_forgot_everything_leaves_no_old_version_in_a_replica()
    {
        await ShouldShow(_other, "pending");
        await LoseBackplane();
        await Cancel(_one);

        await _admin.GetDatabase().ExecuteAsync("FLUSHALL");

        await ShouldShow(_other, "cancelling");
    }

    [Fact]
    public async Task Redis_that_is_gone_leaves_no_old_version_in_a_replica()
    {
        await ShouldShow(_one, "pending");
        await ShouldShow(_other, "pending");

        await _redis.DisposeAsync();
        await Cancel(_one);

        await ShouldShow(_other, "cancelling");
        await ShouldShow(_one, "cancelling");
    }
}

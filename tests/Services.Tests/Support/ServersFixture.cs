using System.Net;
using ForgeShop.Contracts;
using ForgeShop.Gateway;
using ForgeShop.Inventory;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using StackExchange.Redis;

[assembly: AssemblyFixture(typeof(ForgeShop.Services.Tests.ServersFixture))]

namespace ForgeShop.Services.Tests;

/// <summary>
/// One PostgreSQL, one Redis and one Kafka for all tests of this project, and one running instance of the services that
/// other services need. Tests name their own users, products and orders, so they can share all of it and run side by side.
/// </summary>
public sealed class ServersFixture : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();
    private readonly RedisServer _redis = new();
    private readonly KafkaServer _kafka = new();

    private IConnectionMultiplexer? _cache;

    /// <summary>The client secret of Orders, random for every run.</summary>
    public static string OrdersSecret { get; } = Guid.NewGuid().ToString("N");

    /// <summary>IDs as any client derives them.</summary>
    public ForgeIds Ids { get; } = new ForgeIds();

    public string Redis => _redis.ConnectionString;

    /// <summary>Gets Redis itself: what the services stored there.</summary>
    public IDatabase Cache => _cache!.GetDatabase();

    /// <summary>
    /// The broker of a second instance with another database: on the same broker the two would be
    /// one consumer group, and each would get half of the events. Its own events stay in its outbox.
    /// </summary>
    public const string NoKafka = "127.0.0.1:1";

    public string Kafka => _kafka.BootstrapServers;

    public RunningService<UsersDb> Users { get; private set; } = null!;

    public RunningService<InventoryDb> Inventory { get; private set; } = null!;

    public RunningService<OrdersDb> Orders { get; private set; } = null!;

    public RunningService<PaymentsDb> Payments { get; private set; } = null!;

    /// <summary>Gets the gateway in front of these services.</summary>
    public RunningService<RateLimitOptions> Gateway { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        var cancelled = TestContext.Current.CancellationToken;
        await Task.WhenAll(_postgres.StartAsync(cancelled), _redis.StartAsync(cancelled), _kafka.StartAsync(cancelled));
        _cache = await ConnectionMultiplexer.ConnectAsync(Redis);
        // Long time-outs, because two cores run all of this and its tests at once.
        Users = await StartUsers(settings: [("ConnectionStrings:kafka", Kafka), ("Cache:RedisTimeout", "00:00:20")]);
        Inventory = await StartInventory(settings: ("ConnectionStrings:kafka", Kafka));
        Payments = await StartPayments(settings: [("ConnectionStrings:kafka", Kafka), ("SimulatedProvider:SlowAnswer", "00:00:01")]);
        Orders = await StartOrders(
            Inventory.Address,
            settings: [("ConnectionStrings:kafka", Kafka), ("Cache:RedisTimeout", "00:00:20"), ("Inventory:Timeout", "00:00:20")]);
        Gateway = await StartGateway();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable? service in new IAsyncDisposable?[] { Gateway, Orders, Users, Inventory, Payments })
        {
            if (service is not null)
                await service.DisposeAsync();
        }

        _cache?.Dispose();
        await Task.WhenAll(_kafka.DisposeAsync().AsTask(), _redis.DisposeAsync().AsTask(), _postgres.DisposeAsync().AsTask());
    }

    /// <summary>Users with a database of its own.</summary>
    /// <param name="redis">Its cache; the shared one if null.</param>
    /// <param name="settings">Settings that differ from production.</param>
    public async Task<RunningService<UsersDb>> StartUsers(string? redis = null, params (string Key, string Value)[] settings)
    {
        var database = await CreateDatabase("users");
        return await StartUsersOn(database, [("ConnectionStrings:redis", redis ?? Redis), .. settings]);
    }

    /// <summary>A replica of Users on an existing database, with a fast password hash.</summary>
    public Task<RunningService<UsersDb>> StartUsersOn(string database, params (string Key, string Value)[] settings) =>
        StartUsersOn(database, null, settings);

    /// <summary>A replica of Users with this clock.</summary>
    public async Task<RunningService<UsersDb>> StartUsersOn(
        string database, TimeProvider? time, params (string Key, string Value)[] settings)
    {
        var users = await RunningService<UsersDb>.StartAsync(database, time,
            [
                ("ConnectionStrings:users", database), ("ConnectionStrings:redis", Redis), ("ConnectionStrings:kafka", NoKafka),
                ("Passwords:IterationCount", "1000"), ("ServiceClients:orders", OrdersSecret), .. settings,
            ]);
        users.Tokens = new TestTokens(users.Services);
        return users;
    }

    /// <summary>Inventory, on a new or an existing database.</summary>
    /// <param name="database">Its database; a new one if null.</param>
    /// <param name="settings">Settings that differ from production.</param>
    public async Task<RunningService<InventoryDb>> StartInventory(string? database = null, params (string Key, string Value)[] settings)
    {
        database ??= await CreateDatabase("inventory");
        return await Start<InventoryDb>(
            database, [("ConnectionStrings:inventory", database), ("ConnectionStrings:kafka", NoKafka), .. settings]);
    }

    /// <summary>Payments, on a new or an existing database.</summary>
    /// <param name="database">Its database; a new one if null.</param>
    /// <param name="time">Its clock; that of the system if null.</param>
    /// <param name="settings">Settings that differ from production.</param>
    public async Task<RunningService<PaymentsDb>> StartPayments(
        string? database = null, TimeProvider? time = null, params (string Key, string Value)[] settings)
    {
        database ??= await CreateDatabase("payments");
        return await Start<PaymentsDb>(
            database, time, [("ConnectionStrings:payments", database), ("ConnectionStrings:kafka", NoKafka), .. settings]);
    }

    /// <summary>Orders with a database of its own.</summary>
    /// <param name="inventory">The address of Inventory, for products without a copy.</param>
    /// <param name="redis">Its cache; the shared one if null.</param>
    /// <param name="settings">Settings that differ from production.</param>
    public async Task<RunningService<OrdersDb>> StartOrders(
        Uri inventory, string? redis = null, params (string Key, string Value)[] settings) =>
        await StartOrdersOn(await CreateDatabase("orders"), inventory, redis, settings: settings);

    /// <summary>A replica of Orders on an existing database.</summary>
    public async Task<RunningService<OrdersDb>> StartOrdersOn(
        string database, Uri? inventory = null, string? redis = null, TimeProvider? time = null,
        params (string Key, string Value)[] settings) =>
        await Start<OrdersDb>(database, time,
            [
                ("ConnectionStrings:orders", database), ("ConnectionStrings:redis", redis ?? Redis), ("ConnectionStrings:kafka", NoKafka),
                ("services:inventory:http:0", (inventory ?? Inventory.Address).ToString()),
                ("Authentication:ClientId", "orders"), ("Authentication:ClientSecret", OrdersSecret), .. settings,
            ]);

    /// <summary>A gateway in front of the shared services, or of this instance of Orders.</summary>
    public Task<RunningService<RateLimitOptions>> StartGateway(Uri? orders = null, params (string Key, string Value)[] settings) =>
        Start<RateLimitOptions>("",
        [
            ("services:inventory:http:0", Inventory.Address.ToString()), ("services:orders:http:0", (orders ?? Orders.Address).ToString()),
            ("RateLimits:PerAddress", "1000000"), ("RateLimits:PerUser", "1000000"), ("RateLimits:Registrations", "1000000"), .. settings,
        ]);

    /// <summary>A service that verifies the tokens of <see cref="Users"/>, and whose requests carry them.</summary>
    public Task<RunningService<T>> Start<T>(string database, params (string Key, string Value)[] settings) where T : class =>
        Start<T>(database, null, settings);

    /// <summary>The same with this clock.</summary>
    public async Task<RunningService<T>> Start<T>(
        string database, TimeProvider? time, params (string Key, string Value)[] settings) where T : class
    {
        var service = await RunningService<T>.StartAsync(
            database, time, [("services:users:http:0", Users.Address.ToString()), .. settings]);
        service.Tokens = Users.Tokens;
        return service;
    }

    /// <summary>Creates an empty database for a service or a document store and returns its connection string.</summary>
    public Task<string> CreateDatabase(string name) => _postgres.CreateDatabaseAsync(name, TestContext.Current.CancellationToken);

    /// <summary>Returns a link to Redis that a test can cut, and the connection string through it.</summary>
    public (UnreliableLink Link, string Redis) LinkToRedis()
    {
        var redis = ConfigurationOptions.Parse(Redis);
        var link = UnreliableLink.To(redis.EndPoints.Single());
        redis.EndPoints.Clear();
        redis.EndPoints.Add(IPAddress.Loopback, link.Port);
        return (link, redis.ToString(includePassword: true));
    }
}

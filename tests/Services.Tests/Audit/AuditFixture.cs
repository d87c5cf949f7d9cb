using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using StackExchange.Redis;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A whole shop of its own, because the audit reads everything: databases and a part of Redis that no other test writes to, and a Kafka
/// whose consumer groups have no other members.
/// </summary>
public sealed class AuditFixture(ServersFixture servers) : IAsyncLifetime
{
    public const string Sku = "AUDITED-1";

    // A part of the shared Redis that no other test uses.
    private const int CacheDatabase = 7;

    private readonly KafkaServer _kafka = new();
    private readonly List<IAsyncDisposable> _running = [];

    public ForgeIds Ids => servers.Ids;
    public RunningService<UsersDb> Users { get; private set; } = null!;
    public RunningService<InventoryDb> Inventory { get; private set; } = null!;
    public RunningService<OrdersDb> Orders { get; private set; } = null!;
    public RunningService<PaymentsDb> Payments { get; private set; } = null!;
    public RunningService<Notification> Notifications { get; private set; } = null!;
    public RunningService<OrderReport> Reporting { get; private set; } = null!;
    public IDatabase Cache { get; private set; } = null!;

    /// <summary>The names and addresses of the audited services.</summary>
    public IReadOnlyList<(string Name, HttpClient Http)> Services =>
    [
        ("users", Auditor(Users)), ("inventory", Auditor(Inventory)), ("orders", Auditor(Orders)), ("payments", Auditor(Payments)),
        ("notifications", Auditor(Notifications)), ("reporting", Auditor(Reporting)),
    ];

    public async ValueTask InitializeAsync()
    {
        await _kafka.StartAsync(TestContext.Current.CancellationToken);
        var secret = Guid.NewGuid().ToString("N");
        var redis = $"{servers.Redis},defaultDatabase={CacheDatabase}";
        Cache = servers.Cache.Multiplexer.GetDatabase(CacheDatabase);
        (string, string)[] cache = [("ConnectionStrings:redis", redis), ("Cache:RedisTimeout", "00:00:20"),
            ("Cache:TimeToLive", "01:00:00")];
        Users = Added(await servers.StartUsersOn(
            await servers.CreateDatabase("users"),
            [("ConnectionStrings:kafka", _kafka.BootstrapServers), ("ServiceClients:reporting", secret), ("ServiceClients:orders", secret),
                .. cache]));
        Inventory = await StartAsync<InventoryDb>("inventory");
        Orders = await StartAsync<OrdersDb>("orders",
            [("services:inventory:http:0", Inventory.Address.ToString()), ("Authentication:ClientId", "orders"),
                ("Authentication:ClientSecret", secret), .. cache]);
        Payments = await StartAsync<PaymentsDb>("payments", ("SimulatedProvider:SlowAnswer", "00:00:01"));
        Notifications = await StartAsync<Notification>("notifications");
        Reporting = await StartAsync<OrderReport>("reporting",
            [
                .. new (string Name, Uri Address)[] { ("inventory", Inventory.Address), ("orders", Orders.Address),
                    ("payments", Payments.Address), ("notifications", Notifications.Address) }
                    .Select(service => ($"services:{service.Name}:http:0", service.Address.ToString())),
                ("Authentication:ClientId", "reporting"), ("Authentication:ClientSecret", secret),
            ]);
        (await Inventory.Http.Put($"/api/v1/products/{Sku}",
            new { name = "Audited", price = new { amount = "12.50", currency = "EUR" }, stock = 10_000 }))
            .ShouldBe(HttpStatusCode.Created);
    }

    public async Task<UserId> RegisterAsync()
    {
        var email = $"{Guid.NewGuid():N}@example.com";
        (await Users.Anonymous.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = "Correct-Horse-1" }))
            .ShouldBe(HttpStatusCode.Created);
        return Ids.User(email);
    }

    public async Task<OrderId> PlaceAsync(UserId user, string reference, string method = "sim-ok")
    {
        (await Orders.As(user).Send(
            HttpMethod.Post, "/api/v1/orders",
            JsonContent.Create(new { items = new[] { new { sku = Sku, quantity = 1 } }, paymentMethod = method }),
            ("Idempotency-Key", reference)))
            .ShouldBe(HttpStatusCode.Accepted);
        return Ids.Order(user, reference);
    }

    /// <summary>Places an order and waits until it is confirmed or cancelled.</summary>
    public async Task<OrderId> CompleteAsync(UserId user, string reference, string method = "sim-ok")
    {
        var order = await PlaceAsync(user, reference, method);
        await Eventually.True("the order has ended", async _ =>
            await Orders.Database.Scalar<bool>("select status in ('confirmed', 'cancelled') from orders where id = $1", order.Value));
        // The cache stores what is read.
        (await Orders.As(user).Get($"/api/v1/orders/{order}")).ShouldBe(HttpStatusCode.OK);
        return order;
    }

    /// <summary>Runs a sweep and returns its report.</summary>
    public async Task<JsonElement> AuditAsync(bool repair = false)
    {
        await StartSweepAsync(repair);
        return await ReportAsync();
    }

    public async Task StartSweepAsync(bool repair = false) =>
        (await Reporting.Http.Post("/api/v1/audit/run", new { repair })).ShouldBe(HttpStatusCode.Accepted);

    public Task<JsonElement> ReportAsync() => Eventually.Get(
        "the sweep has ended", async _ => (await Reporting.Http.Get("/api/v1/audit/last")).Body,
        report => report.GetProperty("state").GetString() != "running");

    /// <summary>Returns the findings as <c>store state</c>, with the ID if it is not the expected one.</summary>
    public static IReadOnlyList<string> Findings(JsonElement report) =>
    [
        .. report.GetProperty("findings").EnumerateArray()
            .Select(finding => string.Join(' ', ((string[])["store", "state", "id"]).Select(name => finding.GetProperty(name).GetString())))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Publishes an event that no service emitted, in a valid envelope.</summary>
    public async Task<EventId> PublishForeignAsync<TEvent>(Guid subject, long sequence, TEvent data) where TEvent : IEventData
    {
        using var producer = new ProducerBuilder<string, string>(
            new ProducerConfig { BootstrapServers = _kafka.BootstrapServers, Partitioner = Partitioner.Murmur2Random }).Build();
        var id = Ids.Event(subject, TEvent.Type, sequence);
        var headers = new Headers();
        foreach (var (name, value) in new[]
        {
            ("ce_specversion", "1.0"), ("ce_id", id.ToString()), ("ce_type", TEvent.Type), ("ce_source", "/unknown"),
            ("ce_subject", subject.ToString()),
            ("ce_time", TimeProvider.System.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'")),
            ("ce_sequence", $"{sequence}"),
            ("ce_dataversion", $"{TEvent.DataVersion}"),
        })
            headers.Add(name, Encoding.UTF8.GetBytes(value));
        await producer.ProduceAsync(
            TEvent.Topic,
            new() { Key = subject.ToString(), Value = JsonSerializer.Serialize(data, ContractsJson.Options), Headers = headers },
            TestContext.Current.CancellationToken);
        return id;
    }

    /// <summary>Returns the read models and the notifications as text.</summary>
    public async Task<string> StateAsync()
    {
        var state = new List<string>();
        foreach (var collection in new[] { "orders", "customers", "customer_spending", "sales_days", "product_sales" })
            state.Add(await Reporting.Database.Scalar<string>(
                $"select coalesce(string_agg(id || ' ' || document::text, E'\n' order by id), '') from {collection}"));
        state.Add(await Notifications.Database.Scalar<string>(
            "select coalesce(string_agg(n::text, E'\n' order by id), '') from notifications n"));
        return string.Join('\n', state);
    }

    public async Task CopyCacheEntryAsync(OrderId from, OrderId to)
    {
        var data = await Eventually.Get(
            "the order is cached", async _ => await Cache.HashGetAsync($"order:{from}", "data"), data => data.HasValue,
            cancellationToken: TestContext.Current.CancellationToken);
        await Cache.HashSetAsync($"order:{to}", "data", data);
    }

    public static async Task ExecuteAsync(string database, string sql, params object[] parameters)
    {
        await using var connection = new Npgsql.NpgsqlConnection(database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.AddWithValue(parameter);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    public static void ShouldBeConsistent(JsonElement report) =>
        report.GetProperty("state").GetString().ShouldBe("consistent", report.ToString());

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Enumerable.Reverse(_running))
            await service.DisposeAsync();
        await _kafka.DisposeAsync();
    }

    private HttpClient Auditor<T>(RunningService<T> service) where T : class =>
        service.With(Users.Tokens!.OfAuditor().GetAwaiter().GetResult());

    private async Task<RunningService<T>> StartAsync<T>(string name, params (string Key, string Value)[] settings) where T : class
    {
        var database = await servers.CreateDatabase(name);
        var service = await RunningService<T>.StartAsync(database,
            [
                ($"ConnectionStrings:{name}", database), ("ConnectionStrings:kafka", _kafka.BootstrapServers),
                ("services:users:http:0", Users.Address.ToString()), .. settings,
            ]);
        service.Tokens = Users.Tokens;
        return Added(service);
    }

    private T Added<T>(T service) where T : IAsyncDisposable
    {
        _running.Add(service);
        return service;
    }
}

[CollectionDefinition(nameof(AuditCollection))]
public sealed class AuditCollection : ICollectionFixture<AuditFixture>;

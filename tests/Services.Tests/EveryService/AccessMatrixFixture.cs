using ForgeShop.Api;
using ForgeShop.Contracts;
using ForgeShop.Documents;
using ForgeShop.Gateway;
using ForgeShop.Inventory;
using ForgeShop.Notifications;
using ForgeShop.Orders;
using ForgeShop.Payments;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;
using ForgeShop.Users;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace ForgeShop.Services.Tests;

/// <summary>
/// Every service, on stores of its own that nothing else writes to and without Kafka, so that every change in them was
/// made by a request. They contain the account, the order and the report of a victim, who is not the caller.
/// </summary>
public sealed class AccessMatrixFixture(ServersFixture servers) : IAsyncLifetime
{
    private readonly List<IAsyncDisposable> _running = [];
    private readonly List<string> _databases = [];
    private readonly RedisServer _redis = new();
    private IConnectionMultiplexer? _cache;
    private NodeService? _recommendations;

    /// <summary>Each service's name, endpoints and address.</summary>
    public List<Subject> Subjects { get; } = [];

    public RunningService<UsersDb> Users { get; private set; } = null!;

    public string Sku { get; } = "MATRIX-1";

    public UserId Victim { get; } = servers.Ids.User("victim@example.com");

    /// <summary>The caller; a customer like the victim.</summary>
    public UserId Attacker { get; } = servers.Ids.User("attacker@example.com");

    public OrderId VictimsOrder => servers.Ids.Order(Victim, "victims-cart");

    public ForgeIds Ids => servers.Ids;

    public sealed record Subject(string Service, IReadOnlyList<RouteEndpoint> Endpoints, HttpClient Http);

    public async ValueTask InitializeAsync()
    {
        var secret = Guid.NewGuid().ToString("N");
        await _redis.StartAsync(TestContext.Current.CancellationToken);
        _cache = await ConnectionMultiplexer.ConnectAsync(_redis.ConnectionString);
        // No background work changes the stores while the tests run.
        (string, string)[] cache = [("ConnectionStrings:redis", _redis.ConnectionString), ("Cache:TimeToLive", "1.00:00:00"),
            ("Cache:RedisTimeout", "00:00:20")];
        Users = await servers.StartUsersOn(await Database("users"), [("ServiceClients:orders", secret), .. cache]);
        Add("Users", Users);
        var inventory = await Start<InventoryDb>("Inventory");
        var orders = await Start<OrdersDb>("Orders",
            [
                ("services:inventory:http:0", inventory.Address.ToString()), ("Authentication:ClientId", "orders"),
                ("Authentication:ClientSecret", secret),
                ("Checkout:ReservationTimeout", "1.00:00:00"), .. cache, // no reservation is answered, so the order stays pending
            ]);
        var payments = await Start<PaymentsDb>("Payments");
        var notifications = await Start<Notification>("Notifications");
        var reporting = await Start<OrderReport>("Reporting");
        if (NodeService.Missing is null)
            await StartRecommendations();
        await Start<RateLimitOptions>("Gateway",
            ("RateLimits:PerAddress", "1000000"), ("RateLimits:PerUser", "1000000"), ("RateLimits:Registrations", "1000000"),
            ("services:inventory:http:0", inventory.Address.ToString()), ("services:orders:http:0", orders.Address.ToString()),
            ("services:payments:http:0", payments.Address.ToString()), ("services:notifications:http:0", notifications.Address.ToString()),
            ("services:reporting:http:0", reporting.Address.ToString()),
            ("services:recommendations:http:0", _recommendations?.Address.ToString() ?? "http://127.0.0.1:1"));

        (await inventory.Http.Put($"/api/v1/products/{Sku}",
            new { name = "Matrix", price = new { amount = "1.00", currency = "EUR" }, stock = 100 }))
            .ShouldBe(System.Net.HttpStatusCode.Created);
        foreach (var email in new[] { "victim@example.com", "attacker@example.com" })
            (await Users.Anonymous.Post("/api/v1/users", new { email, name = "Victim", password = "Correct-Horse-1" }))
                .ShouldBe(System.Net.HttpStatusCode.Created);
        (await orders.As(Victim).Send(
            HttpMethod.Post, "/api/v1/orders",
            System.Net.Http.Json.JsonContent.Create(new { items = new[] { new { sku = Sku, quantity = 1 } } }),
            ("Idempotency-Key", "victims-cart"))).ShouldBe(System.Net.HttpStatusCode.Accepted);
        // Their owner has read both, so both are in the cache.
        (await Users.As(Victim).Get($"/api/v1/users/{Victim}")).ShouldBe(System.Net.HttpStatusCode.OK);
        (await orders.As(Victim).Get($"/api/v1/orders/{VictimsOrder}")).ShouldBe(System.Net.HttpStatusCode.OK);
        // The events that Reporting would receive from Kafka.
        var report = new OrderReport(VictimsOrder) { UserId = Victim, Status = "confirmed" };
        await reporting.InScope((IDocumentStore store) => store.Collection(OrderReport.Projection.Model).BulkUpsertAsync(
            [new(VictimsOrder.Value, report, 0)], TestContext.Current.CancellationToken));
        // Addressed in the paths like the order, so that an administrator finds something there.
        var command = new RecordedCommand(
            new EventId(Guid.NewGuid()), "tests.command", "/tests", Guid.NewGuid(), 1, TimeProvider.System.GetUtcNow(),
            new CorrelationId(VictimsOrder.Value), null, null);
        await reporting.InScope((IDocumentStore store) => store.Collection(RecordedCommand.Model).InsertManyAsync(
            new Dictionary<Guid, RecordedCommand> { [command.Id.Value] = command }, TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// A digest of every database and of the cache, without the outbox's retry columns.
    /// </summary>
    public async Task<string> FingerprintAsync()
    {
        var digests = new List<string>();
        foreach (var database in _databases)
        {
            var tables = await database.Scalar<string[]>(
                "select coalesce(array_agg(table_schema || '.' || quote_ident(table_name) order by 1), '{}') from "
                + "information_schema.tables " +
                "where table_schema not in ('pg_catalog', 'information_schema') and table_type = 'BASE TABLE'");
            foreach (var table in tables)
            {
                var row = "to_jsonb(t) - 'attempts' - 'next_attempt_at' - 'status' - 'error'";
                var digest = await database.Scalar<string>(
                    "select count(*) || ' ' || coalesce(md5(string_agg(row, '' order by row)), '') "
                    + $"from (select ({row})::text as row from {table} t) rows");
                // Document tables are created on first use; an empty table counts as none.
                if (!digest.StartsWith("0 ", StringComparison.Ordinal))
                    digests.Add($"{table} {digest}");
            }
        }

        var cached = (string)(await _cache!.GetDatabase().ScriptEvaluateAsync("""
            local keys, digests = redis.call('KEYS', '*'), {}
            table.sort(keys)
            for at, key in ipairs(keys) do digests[at] = key .. ' ' .. redis.sha1hex(redis.call('DUMP', key)) end
            return table.concat(digests, '\n')
            """))!;
        cached.ShouldContain($"user:{Victim}");
        cached.ShouldContain($"order:{VictimsOrder}");
        return string.Join('\n', [.. digests, cached]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in Enumerable.Reverse(_running))
            await service.DisposeAsync();
        if (_recommendations is not null)
            await _recommendations.DisposeAsync();
        _cache?.Dispose();
        await _redis.DisposeAsync();
    }

    private async Task<string> Database(string name)
    {
        var database = await servers.CreateDatabase(name);
        _databases.Add(database);
        return database;
    }

    private async Task<RunningService<T>> Start<T>(string name, params (string Key, string Value)[] settings) where T : class
    {
        var database = name == "Gateway" ? "" : await Database(name.ToLowerInvariant());
        var service = await RunningService<T>.StartAsync(database,
            [
                ($"ConnectionStrings:{name.ToLowerInvariant()}", database), ("ConnectionStrings:kafka", ServersFixture.NoKafka),
                ("services:users:http:0", Users.Address.ToString()), .. settings,
            ]);
        service.Tokens = Users.Tokens;
        Add(name, service);
        return service;
    }

    /// <summary>Starts the service on Node.js. Its endpoints are those of its OpenAPI document.</summary>
    private async Task StartRecommendations()
    {
        const string Service = "recommendations";
        var database = new Npgsql.NpgsqlConnectionStringBuilder(await Database(Service));
        _recommendations = await NodeService.StartAsync(
            Repository.Root, Service,
            new Dictionary<string, string>
            {
                ["RECOMMENDATIONS_URI"] =
                    $"postgresql://{database.Username}:{database.Password}@{database.Host}:{database.Port}/{database.Database}",
                ["ConnectionStrings__kafka"] = ServersFixture.NoKafka,
                ["services__users__http__0"] = Users.Address.ToString(),
                ["Authentication__Issuer"] = TestTokens.Issuer,
            },
            TestContext.Current.CancellationToken);
        var document = System.Text.Json.Nodes.JsonNode.Parse(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "services", Service, "openapi.json")))!;
        var endpoints = document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation =>
        {
            var permissions = operation.Value!["security"]!.AsArray().Select(one => (string)one!["bearer"]![0]!);
            var policy = new AuthorizationPolicyBuilder().AddRequirements(new PermissionRequirement([.. permissions])).Build();
            var metadata = new EndpointMetadataCollection(
                new HttpMethodMetadata([operation.Key.ToUpperInvariant()]), new AuthorizeAttribute(), policy);
            return new RouteEndpoint(_ => Task.CompletedTask, RoutePatternFactory.Parse(path.Key), 0, metadata, null);
        }));
        Subjects.Add(new Subject(Service, [.. endpoints], new HttpClient { BaseAddress = _recommendations.Address }));
    }

    private void Add<T>(string name, RunningService<T> service) where T : class
    {
        _running.Add(service);
        Subjects.Add(
            new Subject(
            name, [.. service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()], service.Anonymous));
    }
}

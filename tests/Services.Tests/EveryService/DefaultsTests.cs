using System.Diagnostics;
using System.Net;
using ForgeShop.Api;
using ForgeShop.Databases;
using ForgeShop.Documents;
using ForgeShop.ServiceDefaults;
using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MongoDB.Driver;
using Npgsql;
using StackExchange.Redis;

namespace ForgeShop.Services.Tests;

/// <summary>The guarantees of ServiceDefaults and its clients, in a minimal service.</summary>
public sealed class DefaultsTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public sealed class SmallDb(DbContextOptions<SmallDb> options) : DbContext(options);

    [Fact]
    public async Task Service_starts_before_its_database_and_is_ready_after_its_seed()
    {
        var seeded = 0;
        var database = new NpgsqlConnectionStringBuilder(await servers.CreateDatabase("defaults")) { Timeout = 5 };
        await using var link = UnreliableLink.To(database.Host!, database.Port);
        (database.Host, database.Port) = ("127.0.0.1", link.Port);
        link.Cut();
        await using var service = await Start(builder =>
        {
            builder.Configuration["ConnectionStrings:small"] = database.ConnectionString;
            builder.AddDatabase<SmallDb>("small", async (services, token) =>
            {
                await services.GetRequiredService<SmallDb>().Database.ExecuteSqlAsync($"select 1", token);
                seeded++;
            });
        }, app => app.MapGet("/data", (SmallDb db) => db.Database.SqlQuery<int>($"select 1 as \"Value\"").SingleAsync()));

        (await service.Http.Get("/alive")).ShouldBe(HttpStatusCode.OK);
        var health = await service.Http.Get("/health");
        health.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
        health.Body.GetProperty("checks").GetProperty("seed").GetString().ShouldBe("Unhealthy");
        health.Body.ToString().ShouldNotContain("Exception");
        var early = await service.Http.Get("/data");
        early.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");
        early.Message.Headers.RetryAfter!.Delta.ShouldNotBeNull();
        seeded.ShouldBe(0);

        link.Restore();
        await Eventually.True("the service is ready", async token => (await service.Http.GetAsync("/health", token)).IsSuccessStatusCode,
            cancellationToken: Cancellation);
        seeded.ShouldBe(1);
        (await service.Http.GetStringAsync("/data", Cancellation)).ShouldBe("1");

        // From now on the health check of the database decides.
        link.Cut();
        await Eventually.True(
            "the database is missed", async token =>
                (await service.Http.GetAsync("/health", token)).StatusCode == HttpStatusCode.ServiceUnavailable,
                cancellationToken: Cancellation);
        (await service.Http.Get("/alive")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Degraded_dependency_leaves_a_service_ready()
    {
        await using var service = await Start(
            builder =>
                builder.Services.AddHealthChecks()
                .AddCheck("cache", () => Microsoft.Extensions.Diagnostics.HealthChecks.HealthCheckResult.Degraded()),
            _ => { });
        var health = await service.Http.Get("/health");
        health.ShouldBe(HttpStatusCode.OK);
        health.Text("status").ShouldBe("Degraded");
        health.Body.GetProperty("checks").GetProperty("cache").GetString().ShouldBe("Degraded");
    }

    [Fact]
    public async Task Spans_of_Redis_and_queries_belong_to_the_request_and_contain_no_values()
    {
        using var spans = new Spans("OpenTelemetry.Instrumentation.StackExchangeRedis", "Npgsql", "Microsoft.AspNetCore");
        var database = await servers.CreateDatabase("defaults");
        await using var service = await Start(builder =>
        {
            builder.Configuration["ConnectionStrings:redis"] = servers.Redis;
            builder.Configuration["ConnectionStrings:small"] = database;
            builder.AddRedisClient("redis");
            builder.AddNpgsqlDbContext<SmallDb>("small");
        }, app => app.MapGet("/read", async (IConnectionMultiplexer redis, SmallDb db, string key) =>
        {
            await redis.GetDatabase().StringSetAsync(key, "secret-value");
            var value = await redis.GetDatabase().StringGetAsync(key);
            return await db.Database.SqlQuery<string>($"select {key} || {(string?)value} as \"Value\"").SingleAsync();
        }));

        (await service.Http.Get("/health")).Body.GetProperty("checks").GetProperty("StackExchange.Redis").GetString().ShouldBe("Healthy");

        var key = $"secret-{Guid.NewGuid():N}";
        var answer = await service.Http.GetAsync("/read?key=" + key, Cancellation);
        (await answer.Content.ReadAsStringAsync(Cancellation)).ShouldBe(key + "secret-value");

        var traceId = answer.Headers.GetValues("X-Trace-Id").Single();
        var trace = await Eventually.Get("the spans of the request", _ => Task.FromResult(spans.Of(traceId)),
            found => found.Count(span => span.Source.Name.EndsWith("Redis", StringComparison.Ordinal)) >= 2
                && found.Any(span => span.Source.Name == "Npgsql" && span.Kind == ActivityKind.Client)
                && found.Any(span => span.Kind == ActivityKind.Server),
            cancellationToken: Cancellation);
        var request = trace.Single(span => span.Kind == ActivityKind.Server);
        var redis = trace.Where(span => span.Source.Name.EndsWith("Redis", StringComparison.Ordinal)).ToList();
        // On a slow machine the client checks its connection meanwhile, with a GET of its own.
        redis.Select(span => span.DisplayName).Distinct().ShouldBe(["SET", "GET"], ignoreOrder: true);
        redis.ShouldAllBe(span => span.ParentSpanId == request.SpanId && span.Kind == ActivityKind.Client);
        trace.Where(span => span.Source.Name == "Npgsql")
            .ShouldContain(span => span.DisplayName.StartsWith("SELECT defaults_", StringComparison.Ordinal));
        trace.SelectMany(span => span.TagObjects).ShouldNotContain(tag => tag.Value!.ToString()!.Contains("secret"));
    }

    [Fact]
    public async Task Service_starts_without_Redis_and_reports_Degraded()
    {
        await using var link = UnreliableLink.To("127.0.0.1", 1);
        link.Cut();
        await using var service = await Start(builder =>
        {
            builder.Configuration["ConnectionStrings:redis"] = $"127.0.0.1:{link.Port},connectTimeout=500,syncTimeout=500";
            builder.AddRedisClient("redis");
        }, _ => { });
        var health = await service.Http.Get("/health");
        health.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "not-ready");
        health.Body.GetProperty("checks").GetProperty("StackExchange.Redis").GetString().ShouldBe("Unhealthy");
        (await service.Http.Get("/alive")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task HttpClient_finds_the_service_and_retries_safe_methods_only()
    {
        var asked = new Dictionary<string, int> { ["GET"] = 0, ["POST"] = 0 };
        await using var flaky = await Start(_ => { }, app => app.MapMethods("/flaky", ["GET", "POST"], (HttpContext context) =>
            ++asked[context.Request.Method] < 3 ? Results.StatusCode(503) : Results.Text("at last")));
        await using var caller = await Start(
            builder => builder.Configuration["services:flaky:http:0"] = flaky.Http.BaseAddress!.ToString(), _ => { });

        using var http = caller.Services.GetRequiredService<IHttpClientFactory>().CreateClient("caller");
        http.BaseAddress = new Uri("https+http://flaky");
        (await http.GetStringAsync("/flaky", Cancellation)).ShouldBe("at last");
        asked["GET"].ShouldBe(3);
        (await http.PostAsync("/flaky", null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        asked["POST"].ShouldBe(1);
    }

    [Fact]
    public async Task Database_that_stops_answering_returns_503()
    {
        await using var service = await Start(_ => { }, app =>
        {
            app.MapGet("/transient", string () =>
                throw new InvalidOperationException("given up", new NpgsqlException("gone", new TimeoutException())));
            app.MapGet("/mistake", string () => throw new InvalidOperationException("secret"));
        });
        (await service.Http.Get("/transient")).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");
        (await service.Http.Get("/mistake")).ShouldBeProblem(HttpStatusCode.InternalServerError, "internal-error");
    }

    [Fact]
    public async Task Connection_opened_while_the_database_was_read_only_is_replaced()
    {
        var database = await servers.CreateDatabase("defaults");
        await database.Scalar<object?>("create table things (id int)");
        var name = new NpgsqlConnectionStringBuilder(database).Database;
        await database.Scalar<object?>($"alter database {name} set default_transaction_read_only = on");
        await using var service = await Start(builder =>
        {
            builder.Configuration["ConnectionStrings:small"] = database;
            builder.AddDatabase<SmallDb>("small");
        }, app => app.MapPost("/things", (SmallDb db, CancellationToken token) =>
            db.Database.ExecuteSqlAsync($"insert into things values (1)", token)));

        (await service.Http.PostAsync("/things", null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        await database.Scalar<object?>($"begin read write; alter database {name} reset default_transaction_read_only; commit");
        (await service.Http.PostAsync("/things", null, Cancellation)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Transient_error_of_the_document_store_returns_503()
    {
        await using var service = await Start(builder =>
        {
            builder.Configuration["ConnectionStrings:documents"] = "mongodb://127.0.0.1:1/documents";
            builder.AddDocuments("documents");
        }, app => app.MapGet("/documents", string () => throw NotPrimary()));

        (await service.Http.Get("/documents")).ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");

        static Exception NotPrimary()
        {
            var error = new MongoException("not primary");
            error.AddErrorLabel("RetryableWriteError");
            return error;
        }
    }

    [Fact]
    public async Task Endpoint_without_a_declaration_returns_403()
    {
        var reached = 0;
        await using var service = await Start(
            builder => builder.Configuration["services:users:http:0"] = servers.Users.Address.ToString(),
            app => app.MapGet("/open", () => "open"),
            app => app.MapGet("/undeclared", () => ++reached));
        var everything = await servers.Users.Tokens!.With(
            TestTokens.Administrator, [.. Permissions.OfAdministrators, Permissions.Internal]);

        (await service.Http.Get("/undeclared")).ShouldBeProblem(HttpStatusCode.Unauthorized, "unauthorized");
        (await service.Http.Send(HttpMethod.Get, "/undeclared", null, ("Authorization", "Bearer " + everything)))
            .ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        reached.ShouldBe(0);

        // Only this endpoint is denied: another one answers, and an unknown path returns 404 without a login.
        (await service.Http.GetStringAsync("/open", Cancellation)).ShouldBe("open");
        (await service.Http.Get("/nowhere")).ShouldBeProblem(HttpStatusCode.NotFound, "not-found");
    }

    [Fact]
    public async Task Request_that_exceeds_its_budget_returns_503_and_one_body()
    {
        await using var service = await Start(
            builder => builder.Services.PostConfigure<RequestTimeoutOptions>(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
            {
                Timeout = TimeSpan.FromMilliseconds(100), WriteTimeoutResponse = timeouts.DefaultPolicy!.WriteTimeoutResponse,
            }),
            app => app.MapPost("/slow", (CancellationToken cancelled) => Task.Delay(Timeout.Infinite, cancelled)));

        var answer = await service.Http.Send(HttpMethod.Post, "/slow", null);

        answer.ShouldBeProblem(HttpStatusCode.ServiceUnavailable, "service-unavailable");
        answer.Message.Headers.RetryAfter!.Delta!.Value.ShouldBeGreaterThan(TimeSpan.Zero);
    }

    private static async Task<SmallService> Start(
        Action<WebApplicationBuilder> configure, Action<IEndpointRouteBuilder> map, Action<IEndpointRouteBuilder>? mapUndeclared = null)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Authentication:Issuer"] = TestTokens.Issuer;
        builder.AddServiceDefaults();
        configure(builder);
        var app = builder.Build();
        app.MapDefaultEndpoints();
        map(app.MapGroup("").AllowAnonymous());
        mapUndeclared?.Invoke(app);
        await app.StartAsync(Cancellation);
        return new SmallService(app, new HttpClient { BaseAddress = new Uri(app.Urls.Single()) });
    }

    private sealed record SmallService(WebApplication App, HttpClient Http) : IAsyncDisposable
    {
        public IServiceProvider Services => App.Services;

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await App.DisposeAsync();
        }
    }
}

using System.Collections.Concurrent;
using ForgeShop.Gateway;
using ForgeShop.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ForgeShop.Services.Tests;

/// <summary>The gateway in front of a service that records the requests.</summary>
public sealed class GatewayFixture(ServersFixture servers) : IAsyncLifetime
{
    private WebApplication? _service;

    /// <summary>A public type of the gateway selects its assembly.</summary>
    public RunningService<RateLimitOptions> Gateway { get; private set; } = null!;

    public HttpClient Http => Gateway.Http;

    /// <summary>The forwarded requests, newest last.</summary>
    public ConcurrentQueue<Arrival> Arrivals { get; } = new();

    /// <summary>Ends the second half of an answer that is being streamed.</summary>
    public TaskCompletionSource Stream { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A request as the service received it.</summary>
    public sealed record Arrival(string Method, string PathAndQuery, string? TraceParent, string? TraceState, string? Baggage,
        string? ForwardedFor, string? ForwardedProto, string Body);

    public sealed record Item(string Sku, int Quantity);

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Authentication:Issuer"] = TestTokens.Issuer;
        builder.Configuration["Authentication:Users"] = servers.Users.Address.ToString();
        builder.AddServiceDefaults();
        _service = builder.Build();
        _service.Use(WriteDownAsync);
        // As a service of another framework: no ETag, a Content-Length.
        _service.Map("/api/v1/products/PLAIN/recommendations", branch => branch.Run(context =>
        {
            (context.Response.ContentType, context.Response.ContentLength) = ("application/json", 2);
            return context.Response.WriteAsync("{}", context.RequestAborted);
        }));
        _service.MapDefaultEndpoints();
        var calls = _service.MapGroup("").AllowAnonymous();
        calls.MapPost("/api/v1/orders", (Item item) => TypedResults.Ok(item));
        calls.MapGet("/api/v1/orders/{id}", StreamAsync);
        calls.MapGet("/api/v1/users/{id}", (Guid id) => TypedResults.Ok(id));
        calls.MapGet("/api/v1/products/{sku}", string (string sku) => throw new InvalidOperationException($"secret {sku}"));
        calls.MapGet("/api/v1/reports/products", Echo);
        calls.MapGet("/internal/audit", () => "secret");
        await _service.StartAsync();
        Gateway = await StartGateway();
    }

    public Task<RunningService<RateLimitOptions>> StartGateway(params (string Key, string Value)[] settings) =>
        StartGateway(null, settings);

    public async Task<RunningService<RateLimitOptions>> StartGateway(TimeProvider? time, params (string Key, string Value)[] settings)
    {
        var address = _service!.Urls.Single();
        string[] services = ["users", "inventory", "orders", "notifications", "reporting", "recommendations"];
        var gateway = await RunningService<RateLimitOptions>.StartAsync(
            "", time, [
                ("Authentication:Users", servers.Users.Address.ToString()),
                .. services.Select(service => ($"services:{service}:http:0", address)), .. settings]);
        gateway.Tokens = servers.Users.Tokens;
        // The first token makes the gateway read the keys, which would appear among the requests of a test.
        (await gateway.Http.GetAsync(new Uri("/health", UriKind.Relative))).EnsureSuccessStatusCode();
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        Stream.TrySetResult();
        if (Gateway is not null)
            await Gateway.DisposeAsync();
        if (_service is not null)
            await _service.DisposeAsync();
    }

    private async Task WriteDownAsync(HttpContext context, RequestDelegate next)
    {
        var request = context.Request;
        request.EnableBuffering();
        var body = await new StreamReader(request.Body).ReadToEndAsync(context.RequestAborted);
        request.Body.Position = 0;
        Arrivals.Enqueue(new Arrival(
            request.Method, request.Path + request.QueryString, request.Headers.TraceParent, request.Headers.TraceState,
            request.Headers.Baggage,
            request.Headers["X-Forwarded-For"], request.Headers["X-Forwarded-Proto"], body));
        await next(context);
    }

    /// <summary>Answers the headers that arrived, and the value of X-Customer as a header.</summary>
    private static IResult Echo(HttpContext context)
    {
        context.Response.Headers["X-Customer"] = context.Request.Headers["X-Customer"];
        return TypedResults.Ok(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
    }

    private async Task StreamAsync(HttpContext context, string id)
    {
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync($"data: {id}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        if (id == "slow")
            await Stream.Task.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync("data: end\n\n", context.RequestAborted);
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using ForgeShop.Contracts;
using ForgeShop.TestSupport;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>An order's stream through the gateway, for a raw client and a browser.</summary>
public sealed partial class OrderStreamTests(ServersFixture servers)
{
    private readonly UserId _user = servers.Ids.User($"stream-{Guid.NewGuid():N}@example.com");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<OrderId> Place(HttpClient http, string key = "cart-1", string paymentMethod = "sim-ok")
    {
        var body = new { items = new[] { new { sku = "MUG-FORGE", quantity = 1 } }, paymentMethod };
        (await http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", key)))
            .ShouldBe(HttpStatusCode.Accepted);
        return servers.Ids.Order(_user, key);
    }

    private static async Task<HttpResponseMessage> Open(HttpClient http, OrderId order, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/orders/{order}/events");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation)
            .WaitAsync(Eventually.DefaultTimeout, Cancellation);
    }

    private static async Task<string> NextLine(HttpResponseMessage stream)
    {
        using var reader = new StreamReader(await stream.Content.ReadAsStreamAsync(Cancellation), leaveOpen: true);
        return (await reader.ReadLineAsync(Cancellation).AsTask().WaitAsync(Eventually.DefaultTimeout, Cancellation)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Stream_sends_its_headers_and_a_comment_at_once()
    {
        // No service answers this instance, so the order stays pending and has one event. The heartbeat comes after the test's time-out.
        await using var orders = await servers.StartOrders(servers.Inventory.Address, settings: ("FollowOrder:Heartbeat", "00:10:00"));
        await using var gateway = await servers.StartGateway(orders.Address);
        var http = gateway.As(_user);
        var order = await Place(http);

        using var stream = await Open(http, order, lastEventId: "1");

        stream.StatusCode.ShouldBe(HttpStatusCode.OK);
        stream.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        (await NextLine(stream)).ShouldStartWith(":");
        (await http.Send(HttpMethod.Head, $"/api/v1/orders/{order}/events", null)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("999")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999999999")]
    [InlineData("-1")]
    [InlineData("+2")]
    [InlineData("abc")]
    public async Task Unknown_Last_Event_ID_starts_at_the_beginning(string lastEventId)
    {
        var http = servers.Gateway.As(_user);
        var order = await Place(http);
        using (var whole = await Open(http, order))
            (await whole.Content.ReadAsStringAsync(Cancellation)).ShouldContain("confirmed");

        using var stream = await Open(http, order, lastEventId);

        stream.StatusCode.ShouldBe(HttpStatusCode.OK);
        IdsOf(await stream.Content.ReadAsStringAsync(Cancellation)).ShouldBe(["1", "2", "3", "4"]);
        using var rest = await Open(http, order, "2");
        IdsOf(await rest.Content.ReadAsStringAsync(Cancellation)).ShouldBe(["3", "4"]);
        using var nothing = await Open(http, order, "4");
        nothing.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Clients_that_disconnect_silently_do_not_use_up_the_users_streams()
    {
        await using var orders = await servers.StartOrders(servers.Inventory.Address);
        await using var gateway = await servers.StartGateway(orders.Address);
        var http = gateway.As(_user);
        var order = await Place(http);
        var vanished = new List<HttpResponseMessage>();
        // A connection that is never read looks to the shop like a lost peer.
        for (var number = 0; number < 20; number++)
            vanished.Add(await Open(http, order));

        for (var number = 0; number < 5; number++)
        {
            using var stream = await Open(http, order);
            stream.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await NextLine(stream)).ShouldStartWith(":");
        }

        vanished.ForEach(stream => stream.Dispose());
    }

    [Fact]
    public async Task Lost_peer_is_disconnected_within_a_minute()
    {
        // The socket options; a test has no network that drops packets silently.
        var found = new TaskCompletionSource<(bool KeepAlive, int Idle, int Interval, int Probes, int UserTimeout)>();
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Authentication:Issuer"] = TestTokens.Issuer;
        ServiceDefaults.ServiceDefaultsExtensions.AddServiceDefaults(builder);
        await using var app = builder.Build();
        app.Use((HttpContext context, RequestDelegate _) =>
        {
            var socket = context.Features.Get<IConnectionSocketFeature>()!.Socket;
            var timeout = new byte[4];
            if (OperatingSystem.IsLinux())
                socket.GetRawSocketOption(6, 18, timeout);
            int Option(SocketOptionName name) => (int)socket.GetSocketOption(SocketOptionLevel.Tcp, name)!;
            found.SetResult((
                (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)! != 0,
                Option(SocketOptionName.TcpKeepAliveTime),
                Option(SocketOptionName.TcpKeepAliveInterval), Option(SocketOptionName.TcpKeepAliveRetryCount),
                BitConverter.ToInt32(timeout)));
            return Task.CompletedTask;
        });
        await app.StartAsync(Cancellation);
        using var client = new HttpClient();
        (await client.GetAsync(new Uri(app.Urls.Single()), Cancellation)).Dispose();

        var (keepAlive, idle, interval, probes, userTimeout) = await found.Task;
        keepAlive.ShouldBeTrue();
        (idle + (interval * probes)).ShouldBeLessThan(60);
        if (OperatingSystem.IsLinux())
            userTimeout.ShouldBeInRange(1, 59_000);
    }

    [Fact]
    public async Task Example_of_the_documentation_follows_an_order_in_Chromium()
    {
        if (new[] { "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }.FirstOrDefault(
            File.Exists) is not { } browser)
        {
            Assert.Skip("No Chromium is installed.");
            return;
        }

        var documentation = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "http-api.md"), Cancellation);
        var example = JavaScript().Match(documentation).Groups[1].Value;
        var order = await Place(servers.Gateway.As(_user), paymentMethod: "sim-slow");
        var result = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Page and API have one origin, in front of the gateway.
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddHttpForwarder();
        await using var page = builder.Build();
        var asked = new List<string>();
        page.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/api"))
            {
                await next(context);
                return;
            }

            asked.Add($"{context.Request.Headers["Last-Event-ID"]}");
            if (asked.Count == 1)
            {
                context.Response.Headers.RetryAfter = "0";
                context.Response.StatusCode = StatusCodes.Status502BadGateway;
            }
            else if (asked.Count == 2)
            {
                await context.Response.WriteAsync("event: status\nid: 1\ndata: {\"status\":\"pending\"}\n\n", Cancellation);
                await context.Response.Body.FlushAsync(Cancellation);
                await changed.Task.WaitAsync(Eventually.DefaultTimeout, Cancellation);
                context.Abort();
            }
            else
            {
                await next(context);
            }
        });
        page.MapForwarder("/api/{**rest}", servers.Gateway.Address.ToString());
        page.MapGet("/", async () => TypedResults.Content(
            $$"""
            <script>{{example}}
            const changes = [];
            const token = async () => "{{await servers.Users.Tokens!.OfCustomer(_user)}}";
            const onChange = (change) => { changes.push(change.status); fetch("/changed", { method: "POST" }); };
            followOrder("{{order}}", token, onChange)
              .then(() => changes, (error) => [String(error)])
              .then((result) => fetch("/result", { method: "POST", body: JSON.stringify(result) }));
            </script>
            """, "text/html"));
        page.MapPost("/changed", () => { changed.TrySetResult(); });
        page.MapPost("/result", async (HttpRequest request) =>
            result.TrySetResult(await new StreamReader(request.Body).ReadToEndAsync(Cancellation)));
        await page.StartAsync(Cancellation);

        var profile = Directory.CreateTempSubdirectory("forgeshop-chromium-");
        using var chromium = Process.Start(new ProcessStartInfo(browser,
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                $"--user-data-dir={profile.FullName}", "--remote-debugging-port=0", page.Urls.Single()])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        try
        {
            JsonSerializer.Deserialize<string[]>(await result.Task.WaitAsync(Eventually.DefaultTimeout, Cancellation))
                .ShouldBe(["pending", "reserved", "paid", "confirmed"]);
            asked.ShouldBe(["", "", "1"], "the script continues after an unavailable gateway and a broken connection");
        }
        finally
        {
            chromium.Kill(entireProcessTree: true);
            await chromium.WaitForExitAsync(CancellationToken.None);
            profile.Delete(recursive: true);
        }
    }

    private static IEnumerable<string> IdsOf(string stream) => EventIds().Matches(stream).Select(match => match.Groups[1].Value);

    [GeneratedRegex("""^id: ?(\d+)\r?$""", RegexOptions.Multiline)]
    private static partial Regex EventIds();

    [GeneratedRegex("""```javascript\r?\n(.*?)```""", RegexOptions.Singleline)]
    private static partial Regex JavaScript();
}

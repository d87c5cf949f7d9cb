using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Security.Claims;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Orders;
using ForgeShop.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>An order's changes as server-sent events.</summary>
public sealed class FollowOrderTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly UserId _user = servers.Ids.User($"follow-{Guid.NewGuid():N}@example.com");

    private HttpClient Http => servers.Orders.As(_user);

    private async Task<OrderId> Place(HttpClient http, string paymentMethod = "sim-ok")
    {
        var sku = $"F-{Guid.NewGuid():N}".ToUpperInvariant();
        await servers.Inventory.Http.Put(
            $"/api/v1/products/{sku}", new { name = "Followed", price = new { amount = "1.00", currency = "EUR" }, stock = 10 });
        var body = new { items = new[] { new { sku, quantity = 1 } }, paymentMethod };
        (await http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1")))
            .ShouldBe(HttpStatusCode.Accepted);
        return servers.Ids.Order(_user, "cart-1");
    }

    private static async Task<HttpResponseMessage> Open(HttpClient http, OrderId order, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/orders/{order}/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>Reads until the stream ends or <paramref name="enough"/> holds.</summary>
    private static async Task<List<SseItem<string>>> Read(HttpResponseMessage answer, Func<List<SseItem<string>>, bool>? enough = null)
    {
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        timeout.CancelAfter(Eventually.DefaultTimeout);
        var seen = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(timeout.Token)).EnumerateAsync(timeout.Token))
        {
            seen.Add(item);
            if (enough?.Invoke(seen) == true)
                break;
        }

        return seen;
    }

    private static string Status(SseItem<string> item) =>
        JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString()!;

    private static List<(string? Id, string Status)> Changes(IEnumerable<SseItem<string>> seen) =>
        [.. seen.Where(item => item.EventType == "status").Select(item => (item.EventId, Status(item)))];

    [Fact]
    public async Task Stream_sends_every_change_and_ends_with_the_last()
    {
        var order = await Place(Http, "sim-slow");
        using var answer = await Open(Http, order);

        var seen = await Read(answer);

        Changes(seen).ShouldBe([("1", "pending"), ("2", "reserved"), ("3", "paid"), ("4", "confirmed")]);
        var first = JsonSerializer.Deserialize<JsonElement>(seen[0].Data);
        first.EnumerateObject().Select(member => member.Name).ShouldBe(["orderId", "version", "status", "at"]);
        first.GetProperty("orderId").GetString().ShouldBe(order.ToString());
        // A reader of the event can read the order in that state.
        (await Http.Get($"/api/v1/orders/{order}")).Text("status").ShouldBe("confirmed");
    }

    [Fact]
    public async Task Stream_continues_after_Last_Event_ID()
    {
        var order = await Place(Http, "sim-declined");
        using (var whole = await Open(Http, order))
            Changes(await Read(whole)).ShouldBe([("1", "pending"), ("2", "reserved"), ("3", "cancelling"), ("4", "cancelled")]);

        using var rest = await Open(Http, order, lastEventId: "2");
        var seen = await Read(rest);
        Changes(seen).ShouldBe([("3", "cancelling"), ("4", "cancelled")]);
        JsonSerializer.Deserialize<JsonElement>(seen[0].Data).GetProperty("reason").GetString().ShouldBe("payment-declined");

        using var nothing = await Open(Http, order, lastEventId: "4");
        nothing.StatusCode.ShouldBe(HttpStatusCode.NoContent, "so that an EventSource does not come back for ever");
    }

    [Fact]
    public async Task Stream_sends_heartbeats_and_changes_by_another_replica()
    {
        // Two replicas without answers of other services: the order stays pending until it is cancelled.
        await using var first = await servers.StartOrders(servers.Inventory.Address,
            settings: [("FollowOrder:Heartbeat", "00:00:00.200"), ("FollowOrder:PollInterval", "00:00:00.100"),
            ("FollowOrder:MaxStreams", "1")]);
        await using var second = await servers.StartOrdersOn(first.Database);
        var http = first.As(_user);
        var order = await Place(http);
        using var answer = await Open(http, order);

        using (var refused = await Open(http, order))
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);

        var cancelled = false;
        var seen = await Read(answer, items =>
        {
            if (!cancelled && items.Count(item => item.EventType == "heartbeat") == 2)
            {
                cancelled = true;
                second.As(_user).Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null).GetAwaiter().GetResult()
                    .ShouldBe(HttpStatusCode.Accepted);
            }

            return items.Exists(item => item.EventType == "status" && Status(item) == "cancelling");
        });

        Changes(seen).ShouldBe([("1", "pending"), ("2", "cancelling")]);
        seen.Where(item => item.EventType == "heartbeat").ShouldAllBe(item => item.EventId == null || item.EventId == "1");
    }

    [Fact]
    public async Task Stream_of_an_unknown_order_returns_404()
    {
        var http = Http;
        var others = await Place(http);
        (await servers.Orders.As(servers.Ids.User("mallory@example.com")).Get($"/api/v1/orders/{others}/events"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        using (var seen = await Open(servers.Orders.Http, others)) // a caller with orders:read
            seen.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.Get($"/api/v1/orders/{servers.Ids.Order(servers.Ids.User("unknown@example.com"), "none")}/events"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await http.Get("/api/v1/orders/17/events")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public async Task Newest_stream_of_a_user_displaces_the_oldest_of_that_user_only()
    {
        await using var orders = await servers.StartOrders(servers.Inventory.Address, settings: ("FollowOrder:MaxStreamsPerUser", "2"));
        var http = orders.As(_user);
        var order = await Place(http);
        using var anothers = await Open(orders.Http, order);
        using var first = await Open(http, order);
        using var second = await Open(http, order);
        using var third = await Open(http, order);

        (await Read(first)).Select(item => item.EventType).ShouldBe(["status", "displaced"]);
        foreach (var open in new[] { anothers, second, third })
            Changes(await Read(open, items => items.Count == 1)).ShouldBe([("1", "pending")]);
    }

    [Fact]
    public async Task Stream_ends_with_its_access_token_and_continues_with_a_new_one()
    {
        // No service answers this instance: the order stays pending for a day. The token is valid for ten minutes.
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var orders = await servers.StartOrdersOn(
            await servers.CreateDatabase("orders"), time: time,
            settings: [("FollowOrder:LongestStream", "1.00:00:00"), ("Checkout:ReservationTimeout", "1.00:00:00")]);
        var order = await Place(orders.As(_user));
        using var answer = await Open(orders.As(_user), order);
        var hasBegun = new TaskCompletionSource();
        var reading = Read(answer, _ =>
        {
            hasBegun.TrySetResult();
            return false;
        });
        await hasBegun.Task.WaitAsync(Eventually.DefaultTimeout, Cancellation);

        await Eventually.True(
            "the stream has ended",
            _ =>
            {
                time.Advance(TimeSpan.FromMinutes(1));
                return Task.FromResult(reading.IsCompleted);
            },
            cancellationToken: Cancellation);
        Changes(await reading).ShouldBe([("1", "pending")]);

        using var fresh = await Open(orders.As(_user), order, lastEventId: "1");
        fresh.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("100", 0, 100)]
    [InlineData("100.5", 0, 100.5)]
    [InlineData("100", 90, 10)]
    [InlineData("100", 101, 0)]
    [InlineData("1e300", 0, 600)]
    [InlineData("601", 0, 600)]
    [InlineData("soon", 0, 0)]
    [InlineData(null, 0, 0)]
    public void Stream_lifetime_is_between_zero_and_the_longest_stream(string? expires, int now, double left)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity(expires is null ? [] : [new Claim("exp", expires)]));
        TokenLifetime.LeftOf(user, DateTimeOffset.FromUnixTimeSeconds(now), TimeSpan.FromMinutes(10)).ShouldBe(TimeSpan.FromSeconds(left));
    }

    [Fact]
    public void Closed_stream_frees_its_place_and_the_number_of_streams_is_bounded()
    {
        var (signals, order) = (new OrderSignals(), new OrderId(Guid.NewGuid()));
        var limits = new FollowOptions { MaxStreams = 3, MaxStreamsPerUser = 2 };
        var (ada, bob, eve) = (new UserId(Guid.NewGuid()), new UserId(Guid.NewGuid()), new UserId(Guid.NewGuid()));
        var first = signals.TryFollow(order, ada, limits).ShouldNotBeNull();
        var second = signals.TryFollow(order, ada, limits).ShouldNotBeNull();
        using var bobs = signals.TryFollow(order, bob, limits).ShouldNotBeNull();
        signals.TryFollow(order, eve, limits).ShouldBeNull("the replica has no free stream");

        using var third = signals.TryFollow(order, ada, limits).ShouldNotBeNull("it takes the place of the first");
        (first.IsDisplaced, second.IsDisplaced, bobs.IsDisplaced).ShouldBe((true, false, false));

        first.Dispose();
        signals.TryFollow(order, eve, limits).ShouldBeNull("the first had left already");
        second.Dispose();
        second.Dispose();
        using var eves = signals.TryFollow(order, eve, limits).ShouldNotBeNull();
        signals.TryFollow(order, eve, limits).ShouldBeNull();
        signals.Raise(order);
    }
}

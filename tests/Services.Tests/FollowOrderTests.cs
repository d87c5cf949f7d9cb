using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>An order's changes as server-sent events.</summary>
public sealed class FollowOrderTests(ServersFixture servers)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly UserId _user = servers.Ids.User($"follow-{Guid.NewGuid():N}@example.com");

    private HttpClient Http => servers.Orders.As(_user);

    private async Task<OrderId> Place(HttpClient http, string paymentMethod = "sim-ok")
    {
        var sku = $"F-{Guid.NewGuid():N}".ToUpperInvariant();
        await servers.Inventory.Http.Put($"/api/v1/products/{sku}", new { name = "Followed", price = new { amount = "1.00", currency = "EUR" }, stock = 10 });
        var body = new { items = new[] { new { sku, quantity = 1 } }, paymentMethod };
        (await http.Send(HttpMethod.Post, "/api/v1/orders", JsonContent.Create(body), ("Idempotency-Key", "cart-1"))).ShouldBe(HttpStatusCode.Accepted);
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
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        var seen = new List<SseItem<string>>();
        await foreach (var item in SseParser.Create(await answer.Content.ReadAsStreamAsync(patience.Token)).EnumerateAsync(patience.Token))
        {
            seen.Add(item);
            if (enough?.Invoke(seen) == true)
                break;
        }

        return seen;
    }

    private static string Status(SseItem<string> item) => JsonSerializer.Deserialize<JsonElement>(item.Data).GetProperty("status").GetString()!;

    private static List<(string? Id, string Status)> Changes(IEnumerable<SseItem<string>> seen) =>
        [.. seen.Where(item => item.EventType == "status").Select(item => (item.EventId, Status(item)))];

    [Fact]
    public async Task Every_change_is_told_while_it_happens_and_the_stream_ends_with_the_last()
    {
        var order = await Place(Http, "sim-slow");
        using var answer = await Open(Http, order);

        var seen = await Read(answer);

        Changes(seen).ShouldBe([("1", "pending"), ("2", "reserved"), ("3", "paid"), ("4", "confirmed")]);
        var first = JsonSerializer.Deserialize<JsonElement>(seen[0].Data);
        first.EnumerateObject().Select(member => member.Name).ShouldBe(["orderId", "version", "status", "at"]);
        first.GetProperty("orderId").GetString().ShouldBe(order.ToString());
        // Whoever was told sees it, too.
        (await Http.Get($"/api/v1/orders/{order}")).Text("status").ShouldBe("confirmed");
    }

    [Fact]
    public async Task A_client_that_was_interrupted_goes_on_behind_the_last_event_it_saw()
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
    public async Task Silence_is_broken_by_heartbeats_and_what_another_replica_does_is_told()
    {
        // Two replicas that nobody answers: the order waits until somebody cancels it.
        await using var first = await servers.StartOrders(servers.Inventory.Address, settings: [("FollowOrder:Heartbeat", "00:00:00.200"), ("FollowOrder:PollInterval", "00:00:00.100"), ("FollowOrder:MaxStreams", "1")]);
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
                second.As(_user).Send(HttpMethod.Post, $"/api/v1/orders/{order}/cancel", null).GetAwaiter().GetResult().ShouldBe(HttpStatusCode.Accepted);
            }

            return items.Exists(item => item.EventType == "status" && Status(item) == "cancelling");
        });

        Changes(seen).ShouldBe([("1", "pending"), ("2", "cancelling")]);
        seen.Where(item => item.EventType == "heartbeat").ShouldAllBe(item => item.EventId == null || item.EventId == "1");
    }

    [Fact]
    public async Task Who_follows_an_unknown_order_or_from_nowhere_is_told_so()
    {
        var http = Http;
        var somebodys = await Place(http);
        (await servers.Orders.As(servers.Ids.User("mallory@example.com")).Get($"/api/v1/orders/{somebodys}/events")).ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        using (var seen = await Open(servers.Orders.Http, somebodys)) // whoever may see all orders
            seen.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await http.Get($"/api/v1/orders/{servers.Ids.Order(servers.Ids.User("nobody@example.com"), "none")}/events")).ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
        (await http.Get("/api/v1/orders/17/events")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        var order = servers.Ids.Order(servers.Ids.User("nobody@example.com"), "none");
        (await http.Send(HttpMethod.Get, $"/api/v1/orders/{order}/events", null, ("Last-Event-ID", "-1"))).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public void A_follower_who_leaves_is_forgotten_and_the_number_of_followers_is_bounded()
    {
        var (signals, order) = (new OrderSignals(), new OrderId(Guid.NewGuid()));
        var first = signals.TryFollow(order, 2).ShouldNotBeNull();
        var second = signals.TryFollow(order, 2).ShouldNotBeNull();
        signals.TryFollow(order, 2).ShouldBeNull();

        first.Dispose();
        first.Dispose();

        using var third = signals.TryFollow(order, 2).ShouldNotBeNull();
        signals.TryFollow(order, 2).ShouldBeNull();
        second.Dispose();
        signals.Raise(order);
    }
}

using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The endpoint behind <c>./forge outbox replay</c>.</summary>
public sealed class OutboxReplayTests(ServersFixture servers)
{
    [Fact]
    public async Task Replay_publishes_events_since_a_time_again()
    {
        var (before, sku) = (TimeProvider.System.GetUtcNow(), $"R-{Guid.NewGuid():N}".ToUpperInvariant());
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}",
            new { name = "Replayed", price = new { amount = "1.00", currency = "EUR" }, stock = 1 })).ShouldBe(HttpStatusCode.Created);
        var first = await PublishedAsync(sku, after: DateTime.UnixEpoch);

        (await Replay(before.AddDays(1))).Body.GetProperty("events").GetInt64().ShouldBe(0);
        (await Replay(before)).Body.GetProperty("events").GetInt64().ShouldBeGreaterThanOrEqualTo(1);

        await PublishedAsync(sku, after: first);
    }

    [Fact]
    public async Task Replay_requires_the_operator_permission_and_a_time()
    {
        (await servers.Inventory.As(servers.Ids.User("ada@example.com"))
            .Send(HttpMethod.Post, "/operations/outbox/replay?since=2026-01-01", null)).ShouldBe(HttpStatusCode.Forbidden);
        foreach (var query in new[] { "", "?since=", "?since=yesterday" })
            (await servers.Inventory.Http.Send(HttpMethod.Post, "/operations/outbox/replay" + query, null))
                .ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<Answer> Replay(DateTimeOffset since)
    {
        var answer = await servers.Inventory.Http.Send(
            HttpMethod.Post, $"/operations/outbox/replay?since={Uri.EscapeDataString(since.ToString("O"))}", null);
        answer.ShouldBe(HttpStatusCode.OK);
        return answer;
    }

    private Task<DateTime> PublishedAsync(string sku, DateTime after) => Eventually.Get(
        "the event is published",
        _ => servers.Inventory.Database.Scalar<DateTime>(
            "SELECT coalesce(max(published_at), 'epoch') FROM outbox WHERE subject = $1", servers.Ids.Product(sku).Value),
        at => at > after,
        cancellationToken: TestContext.Current.CancellationToken);
}

using System.Net;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>What <c>./forge outbox replay</c> asks a service for.</summary>
public sealed class OutboxReplayTests(ServersFixture servers)
{
    [Fact]
    public async Task An_operator_has_a_service_publish_again_what_it_published()
    {
        var (before, sku) = (TimeProvider.System.GetUtcNow(), $"R-{Guid.NewGuid():N}".ToUpperInvariant());
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", new { name = "Replayed", price = new { amount = "1.00", currency = "EUR" }, stock = 1 })).ShouldBe(HttpStatusCode.Created);
        var offset = await OffsetAsync(sku, beyond: -1);

        (await Replay(before.AddDays(1))).Body.GetProperty("events").GetInt64().ShouldBe(0);
        (await Replay(before)).Body.GetProperty("events").GetInt64().ShouldBeGreaterThanOrEqualTo(1);

        await OffsetAsync(sku, beyond: offset);
    }

    [Fact]
    public async Task Nobody_else_does_and_without_a_time_nothing_is_replayed()
    {
        (await servers.Inventory.As(servers.Ids.User("ada@example.com")).Send(HttpMethod.Post, "/operations/outbox/replay?since=2026-01-01", null)).ShouldBe(HttpStatusCode.Forbidden);
        foreach (var query in new[] { "", "?since=", "?since=yesterday" })
            (await servers.Inventory.Http.Send(HttpMethod.Post, "/operations/outbox/replay" + query, null)).ShouldBe(HttpStatusCode.BadRequest);
    }

    private async Task<Answer> Replay(DateTimeOffset since)
    {
        var answer = await servers.Inventory.Http.Send(HttpMethod.Post, $"/operations/outbox/replay?since={Uri.EscapeDataString(since.ToString("O"))}", null);
        answer.ShouldBe(HttpStatusCode.OK);
        return answer;
    }

    /// <summary>Where the product's event lies in Kafka: what is published again lies further back.</summary>
    private Task<long> OffsetAsync(string sku, long beyond) => Eventually.Get(
        "the event is published",
        _ => servers.Inventory.Database.Scalar<long>("SELECT coalesce(max(log_offset), -1) FROM outbox WHERE subject = $1 AND status = 1", servers.Ids.Product(sku).Value),
        offset => offset > beyond,
        cancellationToken: TestContext.Current.CancellationToken);
}

using System.Globalization;
using System.Net;
using ForgeShop.Client;
using ForgeShop.TestSupport;
using Npgsql;

namespace ForgeShop.EndToEnd.Tests;

public sealed class IdempotencyTests(ShopFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Same_key_with_another_body_returns_422()
    {
        var (user, shop) = await fixture.NewCustomer("other", Cancellation);
        var sku = Catalogue.Plenty;
        var first = await shop.PlaceOrder("cart-1", [new(sku, 1)], Cancellation);

        var second = await shop.PlaceOrderAsync("cart-1", [new(sku, 2)], "sim-ok", Cancellation);

        second.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        second.Code.ShouldBe("idempotency-key-reused");
        var now = await shop.GetAsync($"/api/v1/orders/{first.GetProperty("id").GetString()}", Cancellation);
        now.GetProperty("items")[0].GetProperty("quantity").GetInt32().ShouldBe(1);
    }

    [Fact]
    public Task Burst_of_200_orders_reaches_the_timeline_and_every_count() => DistinctOrders(200);

    [Fact(Explicit = true)]
    public Task Burst_of_1000_orders_reaches_the_timeline_and_every_count() => DistinctOrders(1000);

    private async Task DistinctOrders(int count)
    {
        var (user, shop) = await fixture.NewCustomer("burst", Cancellation);
        const string sku = Catalogue.Plenty;

        using var gate = new SemaphoreSlim(64);
        await Task.WhenAll(Enumerable.Range(0, count).Select(async number =>
        {
            await gate.WaitAsync(Cancellation);
            try
            {
                await shop.PlaceOrder($"burst-{number}", [new(sku, 1)], Cancellation);
            }
            finally
            {
                gate.Release();
            }
        }));

        await Eventually.Get(
            "the customer's summary counts every order, and each is paid for",
            token => shop.GetAsync($"/api/v1/reports/customers?id={user}&limit=1", token),
            summary =>
                summary.GetProperty("orderCount").GetInt32() == count
                && summary.GetProperty("totalSpent").GetProperty("amount").GetString() == (14.90m * count)
                .ToString("0.00", CultureInfo.InvariantCulture),
            TimeSpan.FromSeconds(300), Cancellation);
        for (var number = 0; number < count; number++)
            await shop.SettledTimeline(fixture.Ids.Order(user, $"burst-{number}"), Cancellation);
        await using var orders = NpgsqlDataSource.Create(await fixture.Database("orders"));
        (await Count(orders, "select count(*) from orders where user_id = $1", user.Value)).ShouldBe(count);
        (await Count(orders, "select count(*) from outbox o join orders r on r.id = o.subject where r.user_id = $1", user.Value))
            .ShouldBe(2 * count);
        (await AllNotifications(shop)).ShouldBe(2 * count);
    }

    private async Task<int> AllNotifications(ShopClient shop)
    {
        var (seen, cursor) = (new HashSet<string>(), "");
        do
        {
            var page = await shop.GetAsync(
                $"/api/v1/notifications?limit=100{(cursor.Length == 0 ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}", Cancellation);
            foreach (var item in page.GetProperty("items").EnumerateArray())
                seen.Add(item.GetProperty("id").GetString()!).ShouldBeTrue("a notification stands on two pages");
            cursor = page.TryGetProperty("nextCursor", out var next) ? next.GetString() ?? "" : "";
        }
        while (cursor.Length > 0);
        return seen.Count;
    }

    private static async Task<long> Count(NpgsqlDataSource database, string sql, Guid id)
    {
        await using var command = database.CreateCommand(sql);
        command.Parameters.AddWithValue(id);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}

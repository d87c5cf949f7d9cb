using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Api;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The sales reports and rebuilds of Reporting, with Kafka.</summary>
[Collection(nameof(ReportingCollection))]
public sealed class ReportingSalesTests(ServersFixture servers, ReportingFixture shop)
{
    private HttpClient Http => shop.Reporting.Http;

    private UserId NewUser() => servers.Ids.User($"sales-{Guid.NewGuid():N}@example.com");

    /// <summary>An order in a currency of its own, so that no other test sells in it.</summary>
    private OrderPlaced Order(UserId user, string reference, decimal price, string currency, string? sku = null)
    {
        var placed = shop.Order(user, reference);
        sku ??= $"S-{Guid.NewGuid():N}".ToUpperInvariant();
        var item = placed.Items[0] with { ProductId = servers.Ids.Product(sku), Sku = sku, UnitPrice = new Money(price, currency) };
        return placed with { Items = [item], Total = item.UnitPrice };
    }

    private async Task Confirm(OrderPlaced order, DateTimeOffset at)
    {
        await shop.Publish(order.OrderId.Value, 1, order);
        await shop.Publish(
            order.OrderId.Value, 2, new OrderConfirmed(order.OrderId, order.UserId, order.Total, at) { Items = order.Items });
    }

    private Task Cancel(OrderPlaced order, DateTimeOffset confirmedAt) => shop.Publish(
        order.OrderId.Value, 3,
        new OrderCancelled(order.OrderId, order.UserId, "customer-request", order.Total,
            confirmedAt.AddDays(1)) { ConfirmedAt = confirmedAt, Items = order.Items });

    private static string Sum(JsonElement sums, string currency) =>
        sums.EnumerateArray().Where(sum => sum.GetProperty("currency").GetString() == currency)
            .Select(sum => sum.GetProperty("amount").GetString()!).SingleOrDefault("");

    [Fact]
    public async Task Eleven_orders_of_1e14_add_up_and_nothing_is_dead_lettered()
    {
        var user = NewUser();
        var placedAt = TimeProvider.System.GetUtcNow();
        await Task.WhenAll(
            Enumerable.Range(0, 11).Select(number => Confirm(Order(user, $"huge-{number}", 100_000_000_000_000m, "TOP"), placedAt)));

        var report = await shop.Report($"/api/v1/reports/customers?id={user}", body =>
            body.GetProperty("totalSpent").GetProperty("amount").GetString() == "1100000000000000.00");
        report.GetProperty("orderCount").GetInt32().ShouldBe(11);
        var top = await shop.Report(
            "/api/v1/reports/top-customers?currency=TOP", body => body.GetProperty("customers").GetArrayLength() == 1);
        top.GetProperty("customers")[0].GetProperty("totalSpent").ToString()
            .ShouldBe("""{"amount":"1100000000000000.00","currency":"TOP"}""");
    }

    [Fact]
    public async Task Top_customers_are_ordered_by_spending_in_one_currency()
    {
        var (first, second, none) = (NewUser(), NewUser(), NewUser());
        var at = TimeProvider.System.GetUtcNow();
        await shop.Publish(first.Value, 1, new UserRegistered(first, "first@example.com", "First", at));
        await shop.Publish(first.Value, 2, new UserDeactivated(first, at));
        await Confirm(Order(second, "a", 5m, "WST"), at);
        await Confirm(Order(first, "a", 9m, "WST"), at);
        await Confirm(Order(second, "b", 900m, "SBD"), at);
        var cancelled = Order(none, "a", 90m, "WST");
        await Confirm(cancelled, at);
        await Cancel(cancelled, at);

        var top = await shop.Report("/api/v1/reports/top-customers?currency=WST&limit=2", body =>
            body.GetProperty("customers").EnumerateArray().Select(customer => customer.GetProperty("user").GetProperty("id").GetString())
                .SequenceEqual([$"{first}", $"{second}"])
            && body.GetProperty("customers")[0].GetProperty("user").GetProperty("deactivatedAt").ValueKind == JsonValueKind.String);

        top.GetProperty("customers")[0].GetProperty("user").GetProperty("name").GetString().ShouldBe("First");
        top.GetProperty("customers")[0].GetProperty("orderCount").GetInt32().ShouldBe(1);
        top.GetProperty("customers")[1].GetProperty("totalSpent").ToString().ShouldBe("""{"amount":"5.00","currency":"WST"}""");
        top.GetProperty("asOf").GetDateTimeOffset().ShouldBeGreaterThan(at.AddMinutes(-1));
    }

    [Fact]
    public async Task Sales_count_on_the_day_of_the_confirmation_until_the_order_is_cancelled()
    {
        var user = NewUser();
        var day = new DateTimeOffset(2025, 6, 1, 23, 59, 59, TimeSpan.Zero);
        var (kept, cancelled) = (Order(user, "a", 12.5m, "PGK"), Order(user, "b", 7m, "PGK"));
        await Confirm(kept, day);
        await Confirm(cancelled, day);
        await Confirm(Order(user, "c", 1m, "PGK"), day.AddSeconds(1));
        const string path = "/api/v1/reports/sales?from=2025-05-31&to=2025-06-02";
        await shop.Report(path, body => body.GetProperty("days").GetArrayLength() == 2
            && Sum(body.GetProperty("days")[0].GetProperty("revenue"), "PGK") == "19.50");

        await Cancel(cancelled, day);

        var sales = await shop.Report(path, body => Sum(body.GetProperty("days")[0].GetProperty("revenue"), "PGK") == "12.50");
        sales.GetProperty("days").EnumerateArray()
            .Select(each => $"{each.GetProperty("date").GetString()} {each.GetProperty("orderCount").GetInt32()}")
            .ShouldBe(["2025-06-01 1", "2025-06-02 1"]);
        (await Http.Get("/api/v1/reports/sales?from=2025-06-02&to=2025-06-02")).Body.GetProperty("days").GetArrayLength().ShouldBe(1);
        (await Http.Get("/api/v1/reports/sales")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Order_that_the_customer_cancels_after_its_confirmation_leaves_the_sales()
    {
        var (user, sku) = (NewUser(), $"C-{Guid.NewGuid():N}".ToUpperInvariant());
        await servers.Inventory.Http.Put(
            $"/api/v1/products/{sku}", new { name = "Regret", price = new { amount = "8.00", currency = "NOK" }, stock = 10 });
        var placed = await servers.Orders.As(user).Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity = 2 } } }),
            ("Idempotency-Key", "cart-1"));
        placed.ShouldBe(HttpStatusCode.Accepted);
        static string Today(JsonElement body) =>
            body.GetProperty("days").EnumerateArray().Select(day => Sum(day.GetProperty("revenue"), "NOK")).Max()!;
        await shop.Report("/api/v1/reports/sales", body => Today(body) == "16.00");

        (await servers.Orders.As(user).Post($"/api/v1/orders/{placed.Text("id")}/cancel", new { })).ShouldBe(HttpStatusCode.Accepted);

        await shop.Report("/api/v1/reports/sales", body => Today(body) == "0.00");
        await shop.Report($"/api/v1/reports/customers?id={user}", body => body.GetProperty("totalSpent")
            .ToString() == """{"amount":"0.00","currency":"NOK"}""");
        (await shop.Report("/api/v1/reports/top-customers?currency=NOK", _ => true)).GetProperty("customers").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Lag_of_the_projections_is_measured()
    {
        var measured = new ConcurrentBag<double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument is { Meter.Name: ReportingMetrics.MeterName, Name: "forgeshop.reporting.projection.lag" })
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, lag, _, _) => measured.Add(lag));
        listener.Start();

        await shop.Publish(Guid.NewGuid(), 1, shop.Order(NewUser(), "late"), TimeProvider.System.GetUtcNow().AddHours(-1));

        await Eventually.True(
            "an hour of lag is measured", _ => Task.FromResult(measured.Any(lag => lag is > 3599 and < 3700)),
            cancellationToken: TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Product_sales_come_most_sold_first_in_pages()
    {
        var user = NewUser();
        var sku = $"P-{Guid.NewGuid():N}".ToUpperInvariant();
        var placed = Order(user, "a", 2m, "FJD", sku);
        await Confirm(placed with { Items = [placed.Items[0] with { Quantity = 1_000_000 }] }, TimeProvider.System.GetUtcNow());
        await Confirm(Order(user, "b", 2m, "FJD"), TimeProvider.System.GetUtcNow());

        var first = await shop.Report("/api/v1/reports/products?limit=1", body =>
            body.GetProperty("items").EnumerateArray().Any(item => item.GetProperty("sku").GetString() == sku));
        var product = first.GetProperty("items")[0];
        product.GetProperty("quantity").GetInt64().ShouldBe(1_000_000);
        product.GetProperty("revenue").ToString().ShouldBe("""[{"amount":"2000000.00","currency":"FJD"}]""");
        var next = await Http.Get($"/api/v1/reports/products?limit=1&cursor={first.GetProperty("nextCursor").GetString()}");
        next.Body.GetProperty("items")[0].GetProperty("sku").GetString().ShouldNotBe(sku);
    }

    [Theory]
    [InlineData("sales?from=2025-13-01", "from")]
    [InlineData("sales?to=1.6.2025", "to")]
    [InlineData("sales?from=2025-06-02&to=2025-06-01", "from")]
    [InlineData("sales?from=2020-01-01&to=2025-06-01", "from")]
    [InlineData("top-customers?limit=0", "limit")]
    [InlineData("top-customers?currency=euro", "currency")]
    [InlineData("products?limit=101", "limit")]
    [InlineData("products?cursor=x", "cursor")]
    public async Task Wrong_query_for_a_sales_report_names_the_wrong_field(string query, string field)
    {
        var answer = await Http.Get("/api/v1/reports/" + query);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe([field]);
    }

    [Fact]
    public async Task Rebuild_keeps_all_reports_and_a_second_one_at_the_same_time_is_refused()
    {
        var user = NewUser();
        await Confirm(Order(user, "a", 3m, "KGS"), TimeProvider.System.GetUtcNow());
        await shop.Report(
            $"/api/v1/reports/customers?id={user}", body => body.GetProperty("totalSpent").GetProperty("amount").GetString() == "3.00");

        var requests = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Http.Post("/api/v1/reports/rebuild", new { })));
        requests.Count(answer => answer.Status == HttpStatusCode.Accepted).ShouldBeGreaterThanOrEqualTo(1);
        foreach (var refused in requests.Where(answer => answer.Status != HttpStatusCode.Accepted))
            refused.ShouldBeProblem(HttpStatusCode.Conflict, "rebuild-running");
        var accepted = requests.First(answer => answer.Status == HttpStatusCode.Accepted);
        (accepted.Location, accepted.Text("state")).ShouldBe(("/api/v1/reports/rebuild", "folding"));
        // Events that arrive during and after the rebuild count once.
        await Confirm(Order(user, "b", 4m, "KGS"), TimeProvider.System.GetUtcNow());

        var progress = await shop.Report("/api/v1/reports/rebuild", body => body.GetProperty("state").GetString() == "complete");
        progress.GetProperty("eventsFolded").GetInt64().ShouldBe(progress.GetProperty("eventsTotal").GetInt64());
        progress.GetProperty("finishedAt").GetDateTimeOffset().ShouldBeGreaterThan(progress.GetProperty("startedAt").GetDateTimeOffset());
        await Confirm(Order(user, "c", 5m, "KGS"), TimeProvider.System.GetUtcNow());
        var report = await shop.Report($"/api/v1/reports/customers?id={user}",
            body => body.GetProperty("totalSpent").GetProperty("amount").GetString() == "12.00");
        report.GetProperty("orderCount").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Rebuild_requires_the_permission_to_write_reports()
    {
        var customer = shop.Reporting.As(NewUser());
        (await customer.Post("/api/v1/reports/rebuild", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await customer.Get("/api/v1/reports/rebuild")).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        var reader = shop.Reporting.With(await shop.Reporting.Tokens!.With(NewUser(), Permissions.ReportsRead));
        (await reader.Post("/api/v1/reports/rebuild", new { })).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
        (await reader.Get("/api/v1/reports/rebuild")).ShouldBe(HttpStatusCode.OK);
    }
}

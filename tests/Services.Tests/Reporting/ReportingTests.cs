using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Reporting with Kafka and the other services.</summary>
[Collection(nameof(ReportingCollection))]
public sealed class ReportingTests(ServersFixture servers, ReportingFixture shop)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private HttpClient Http => shop.Reporting.Http;

    private static string NewEmail() => $"report-{Guid.NewGuid():N}@example.com";

    private UserId NewUser() => servers.Ids.User(NewEmail());

    private static bool HasTypes(JsonElement timeline, params string[] types) =>
        types.All(type => timeline.GetProperty("events").EnumerateArray().Any(@event => @event.GetProperty("type").GetString() == type));

    [Fact]
    public async Task Order_is_in_its_timeline_and_in_the_report_of_its_customer()
    {
        var email = NewEmail();
        var (user, sku) = (servers.Ids.User(email), $"R-{Guid.NewGuid():N}".ToUpperInvariant());
        await servers.Inventory.Http.Put(
            $"/api/v1/products/{sku}", new { name = "Difference engine", price = new { amount = "12.50", currency = "EUR" }, stock = 10 });
        await servers.Users.Http.Post("/api/v1/users", new { email, name = "Ada Lovelace", password = "Correct-Horse-1" });
        var order = servers.Ids.Order(user, "cart-1");
        var placed = await servers.Orders.As(user).Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity = 3 } } }),
            ("Idempotency-Key", "cart-1"));
        placed.ShouldBe(HttpStatusCode.Accepted);

        var timeline = await shop.Report($"/api/v1/reports/orders/{order}/timeline", body =>
            HasTypes(body, "orders.order-placed", "inventory.stock-reserved", "payments.payment-charged", "orders.order-confirmed")
            && body.GetProperty("events").GetArrayLength() == 6);
        timeline.GetProperty("orderId").GetString().ShouldBe(order.ToString());
        timeline.GetProperty("userId").GetString().ShouldBe(user.ToString());
        timeline.GetProperty("status").GetString().ShouldBe("confirmed");
        var events = timeline.GetProperty("events").EnumerateArray().ToList();
        var notification = servers.Ids.Notification(user, "order-placed", order.Value);
        var placedId = servers.Ids.Event(order.Value, "orders.order-placed", 1).ToString();
        string Described(string type) => string.Join(' ', events.Where(@event => @event.GetProperty("type").GetString() == type)
            .Select(@event => string.Join(' ', ((string[])["id", "service", "sequence"]).Select(name => @event.GetProperty(name)))));
        events[0].GetProperty("id").GetString().ShouldBe(placedId);
        Described("inventory.stock-reserved")
            .ShouldBe($"{servers.Ids.Event(servers.Ids.Reservation(order).Value, "inventory.stock-reserved", 1)} inventory 1");
        Described("payments.payment-charged")
            .ShouldBe($"{servers.Ids.Event(servers.Ids.Payment(order, 1).Value, "payments.payment-charged", 1)} payments 1");
        Described("orders.order-confirmed").ShouldBe($"{servers.Ids.Event(order.Value, "orders.order-confirmed", 2)} orders 2");
        var sent = servers.Ids.Event(notification.Value, "notifications.notification-sent", 1).ToString();
        events.Single(@event => @event.GetProperty("id").GetString() == sent).GetProperty("causationId").GetString().ShouldBe(placedId);
        events.Where(@event => @event.GetProperty("service").GetString() != "notifications")
            .Select(@event => @event.GetProperty("type").GetString())
            .ShouldBe(["orders.order-placed", "inventory.stock-reserved", "payments.payment-charged", "orders.order-confirmed"]);
        var trace = placed.Message.Headers.GetValues("X-Trace-Id").Single();
        events.ShouldAllBe(@event => @event.GetProperty("traceId").GetString() == trace);

        foreach (var question in new[] { $"email={Uri.EscapeDataString($" {email.ToUpperInvariant()}")}", $"id={user}" })
        {
            var report = await shop.Report($"/api/v1/reports/customers?{question}", body =>
                body.GetProperty("totalSpent").GetProperty("amount").GetString() == "37.50"
                    && body.GetProperty("user").GetProperty("name").GetString() is not null);
            report.GetProperty("orderCount").GetInt32().ShouldBe(1);
            report.GetProperty("user").ToString()
                .ShouldBe($$"""{"id":"{{user}}","email":"{{email}}","name":"Ada Lovelace","deactivatedAt":null}""");
            report.GetProperty("asOf").GetDateTimeOffset().ShouldBeGreaterThan(report.GetProperty("lastOrderAt").GetDateTimeOffset());
            report.GetProperty("totalSpent").ToString().ShouldBe("""{"amount":"37.50","currency":"EUR"}""");
            report.GetProperty("lastOrderAt").GetString().ShouldBe(placed.Text("placedAt"));
            var reported = report.GetProperty("orders").EnumerateArray().ShouldHaveSingleItem();
            reported.GetProperty("id").GetString().ShouldBe(order.ToString());
            reported.GetProperty("total").ToString().ShouldBe(placed.Body.GetProperty("total").ToString());
            reported.GetProperty("items")[0].GetProperty("name").GetString().ShouldBe("Difference engine");
        }
    }

    [Fact]
    public async Task Event_log_has_every_event_once_under_its_id_whatever_its_type()
    {
        var subject = Guid.NewGuid();
        var known = shop.Order(NewUser(), "cart-1");
        var ids = new List<EventId>();
        for (var delivery = 0; delivery < 3; delivery++)
        {
            ids.Add(await shop.Publish(Topics.OrderEvents, "order.from-a-later-release", subject, 1,
                """{"orderId":"x","price":12.50,"$date":{"$numberLong":"1"}}"""));
            ids.Add(await shop.Publish(known.OrderId.Value, 1, known));
        }

        foreach (var id in ids.Distinct())
            await Eventually.True(
                "the event is in the log",
                async _ =>
                    await shop.Reporting.Database.Scalar<long>("select count(*) from events where id = $1", id.Value) == 1,
                    cancellationToken: Cancellation);
        (await shop.Reporting.Database.Scalar<long>("select count(*) from events where document ->> 'subject' = $1", subject.ToString()))
            .ShouldBe(1);
        (await shop.Reporting.Database.Scalar<string>(
            "select document -> 'data' ->> 'price' from events where document ->> 'subject' = $1", subject.ToString())).ShouldBe("12.50");
    }

    [Fact]
    public async Task Customer_report_exists_from_the_first_order_and_gets_the_name_later()
    {
        var email = NewEmail();
        var user = servers.Ids.User(email);
        var placed = shop.Order(user, "cart-1");
        await shop.Publish(placed.OrderId.Value, 1, placed);

        var before = await shop.Report($"/api/v1/reports/customers?id={user}", body => body.GetProperty("orderCount").GetInt32() == 1);
        before.GetProperty("user").ToString().ShouldBe($$"""{"id":"{{user}}","email":null,"name":null,"deactivatedAt":null}""");

        await shop.Publish(user.Value, 1, new UserRegistered(user, email, "Grace Hopper", Noon));
        var after = await shop.Report(
            $"/api/v1/reports/customers?id={user}", body => body.GetProperty("user").GetProperty("name").GetString() is not null);
        after.GetProperty("user").ToString()
            .ShouldBe($$"""{"id":"{{user}}","email":"{{email}}","name":"Grace Hopper","deactivatedAt":null}""");
        after.GetProperty("orderCount").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Total_spent_counts_confirmed_orders_only()
    {
        var user = NewUser();
        var (pending, cancelled, confirmed, regretted) =
            (shop.Order(user, "a"), shop.Order(user, "b"), shop.Order(user, "c", quantity: 2), shop.Order(user, "d", quantity: 4));
        await shop.Publish(pending.OrderId.Value, 1, pending);
        await shop.Publish(cancelled.OrderId.Value, 1, cancelled);
        await shop.Publish(cancelled.OrderId.Value, 2, new OrderCancelled(cancelled.OrderId, user, "out-of-stock", cancelled.Total, Noon));
        await shop.PublishConfirmed(regretted);
        await shop.Publish(
            regretted.OrderId.Value, 3, new OrderCancelled(regretted.OrderId, user, "customer-request", regretted.Total, Noon));
        await shop.PublishConfirmed(confirmed);

        var report = await shop.Report($"/api/v1/reports/customers?id={user}", body =>
            body.GetProperty("orderCount").GetInt32() == 4 && body.GetProperty("totalSpent").GetProperty("amount").GetString() == "25.00"
            && body.GetProperty("orders").EnumerateArray().Count(order => order.GetProperty("status").GetString() == "cancelled") == 2);

        report.GetProperty("spent").GetArrayLength().ShouldBe(1);
        var timeline = await shop.Report($"/api/v1/reports/orders/{regretted.OrderId}/timeline", _ => true);
        (timeline.GetProperty("status").GetString(), timeline.GetProperty("reason").GetString())
            .ShouldBe(("cancelled", "customer-request"));
    }

    [Fact]
    public async Task Customer_without_orders_has_spent_nothing()
    {
        var user = NewUser();
        await shop.Publish(user.Value, 1, new UserRegistered(user, "nothing@example.com", "Grace", Noon));

        var report = await shop.Report($"/api/v1/reports/customers?id={user}", _ => true);

        report.GetProperty("orderCount").GetInt32().ShouldBe(0);
        report.GetProperty("totalSpent").ToString().ShouldBe("""{"amount":"0.00","currency":"EUR"}""");
        report.GetProperty("lastOrderAt").ValueKind.ShouldBe(JsonValueKind.Null);
        report.GetProperty("orders").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Orders_of_a_customer_come_latest_first_in_pages()
    {
        var user = NewUser();
        for (var number = 1; number <= 5; number++)
        {
            var placed = shop.Order(user, $"cart-{number}", Noon.AddMinutes(number * 7 % 5));
            await shop.PublishConfirmed(placed);
        }
        // The list and the sums are models of their own.
        await shop.Report($"/api/v1/reports/customers?id={user}", body => body.GetProperty("orders").GetArrayLength() == 5
            && body.GetProperty("totalSpent").GetProperty("amount").GetString() == "62.50");

        var (seen, cursor) = (new List<DateTimeOffset>(), "");
        do
        {
            var page = await Http.Get($"/api/v1/reports/customers?id={user}&limit=2{cursor}");
            page.ShouldBe(HttpStatusCode.OK);
            page.Body.GetProperty("orderCount").GetInt32().ShouldBe(5);
            page.Body.GetProperty("totalSpent").ToString().ShouldBe("""{"amount":"62.50","currency":"EUR"}""");
            seen.AddRange(
                page.Body.GetProperty("orders").EnumerateArray().Select(order => order.GetProperty("placedAt").GetDateTimeOffset()));
            cursor = page.Body.GetProperty("nextCursor").GetString() is { } next ? $"&cursor={next}" : "";
        }
        while (cursor.Length > 0);
        seen.ShouldBe([Noon.AddMinutes(4), Noon.AddMinutes(3), Noon.AddMinutes(2), Noon.AddMinutes(1), Noon]);
    }

    [Fact]
    public async Task Two_replicas_count_each_of_300_orders_of_one_customer_once()
    {
        const int count = 300;
        var user = NewUser();
        await using var second = await shop.StartReporting(shop.Reporting.Database);

        await Task.WhenAll(Enumerable.Range(0, count).Select(number =>
        {
            var placed = shop.Order(user, $"cart-{number}", quantity: 1 + number % 3);
            return Task.WhenAll(shop.PublishConfirmed(placed), shop.PublishConfirmed(placed));
        }));

        var report = await shop.Report(
            $"/api/v1/reports/customers?id={user}", body => body.GetProperty("totalSpent").GetProperty("amount").GetString() == "7500.00");
        report.GetProperty("orderCount").GetInt32().ShouldBe(count);
        report.GetProperty("totalSpent").ToString().ShouldBe("""{"amount":"7500.00","currency":"EUR"}""");
        (await second.Http.Get($"/api/v1/reports/customers?id={user}")).Body.GetProperty("orderCount").GetInt32().ShouldBe(count);
    }

    [Theory]
    [InlineData("", "email", "id")]
    [InlineData("?email=ada@example.com&id=6e16f6c3-de6b-55c3-80ba-75907720bb8a", "email", "id")]
    [InlineData("?email=", "email")]
    [InlineData("?email=unknown", "email")]
    [InlineData("?email=ad%00a@example.com", "email")]
    [InlineData("?id=", "id")]
    [InlineData("?id=ada@example.com", "id")]
    [InlineData("?id=6E16F6C3DE6B55C380BA75907720BB8A", "id")]
    [InlineData("?id=6e16f6c3-de6b-55c3-80ba-75907720bb8a&limit=0", "limit")]
    [InlineData("?id=6e16f6c3-de6b-55c3-80ba-75907720bb8a&cursor=x", "cursor")]
    public async Task Wrong_query_for_a_customer_report_names_the_wrong_fields(string query, params string[] fields)
    {
        var answer = await Http.Get("/api/v1/reports/customers" + query);
        answer.ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
        answer.Fields.ShouldBe(fields);
    }

    [Fact]
    public async Task Unknown_customer_or_order_is_not_found()
    {
        (await Http.Get($"/api/v1/reports/customers?id={NewUser()}")).ShouldBeProblem(HttpStatusCode.NotFound, "customer-not-found");
        (await Http.Get($"/api/v1/reports/customers?email={NewEmail()}")).ShouldBeProblem(HttpStatusCode.NotFound, "customer-not-found");
        (await Http.Get($"/api/v1/reports/orders/{servers.Ids.Order(NewUser(), "none")}/timeline"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "order-not-found");
    }

    [Theory]
    [InlineData("cart-1")]
    [InlineData("6e16f6c3de6b55c380ba75907720bb8a")]
    [InlineData("0x16f6c3-de6b-55c3-80ba-75907720bb8a")]
    public async Task Order_id_in_another_form_is_refused(string id) =>
        (await Http.Get($"/api/v1/reports/orders/{id}/timeline")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
}

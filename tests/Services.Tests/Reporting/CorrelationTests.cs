using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Reporting;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The view of one correlation, through the gateway and with all services of an order.</summary>
[Collection(nameof(ReportingCollection))]
public sealed class CorrelationTests(ServersFixture servers, ReportingFixture shop)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_placed_through_the_gateway_has_all_its_messages_under_one_correlation()
    {
        await using var gateway = await servers.StartGateway(settings: ("services:reporting:http:0", shop.Reporting.Address.ToString()));
        var (user, sku) = (servers.Ids.User($"correlated-{Guid.NewGuid():N}@example.com"), $"C-{Guid.NewGuid():N}".ToUpperInvariant());
        var price = new { amount = "12.50", currency = "EUR" };
        (await servers.Inventory.Http.Put($"/api/v1/products/{sku}", new { name = "Difference engine", price, stock = 10 }))
            .ShouldBe(HttpStatusCode.Created);
        var (order, correlation) = (
            servers.Ids.Order(user, "cart-1"), servers.Ids.Correlation(user.ToString(), "POST /api/v1/orders", "cart-1"));
        using var customer = gateway.As(user);
        Task<Answer> Place() => customer.Send(
            HttpMethod.Post, "/api/v1/orders", JsonContent.Create(new { items = new[] { new { sku, quantity = 1 } } }),
            ("Idempotency-Key", "cart-1"));

        var placed = await Place();
        placed.ShouldBe(HttpStatusCode.Accepted);
        placed.Message.Headers.GetValues("X-Correlation-Id").ShouldBe([correlation.ToString()]);

        var path = $"/api/v1/correlations/{correlation}";
        var shown = await Eventually.Get(
            "all eight messages are recorded", _ => gateway.Http.Get(path),
            answer =>
                answer.Status == HttpStatusCode.OK
                && answer.Body.GetProperty("messages").GetArrayLength() == 8, cancellationToken: Cancellation);
        var messages = shown.Body.GetProperty("messages").EnumerateArray().ToList();
        string Text(JsonElement message, string member) => message.GetProperty(member).GetString()!;
        var (reservation, payment) = (servers.Ids.Reservation(order).Value, servers.Ids.Payment(order, 1).Value);
        Guid Notified(string kind) => servers.Ids.Notification(user, kind, order.Value).Value;
        (string Kind, string Service, Guid Subject, string Type, int Sequence)[] expected =
        [
            ("event", "orders", order.Value, "orders.order-placed", 1), ("command", "orders", reservation, "inventory.reserve-stock", 1),
            ("event", "inventory", reservation, "inventory.stock-reserved", 1),
            ("command", "orders", payment, "payments.charge-payment", 1),
            ("event", "payments", payment, "payments.payment-charged", 1), ("event", "orders", order.Value, "orders.order-confirmed", 2),
            ("notification", "notifications", Notified("order-placed"), "notifications.notification-sent", 1),
            ("notification", "notifications", Notified("order-confirmed"), "notifications.notification-sent", 1),
        ];
        messages.Select(message => $"{Text(message, "id")} {Text(message, "kind")} {Text(message, "service")}").ShouldBe(
            expected.Select(one => $"{servers.Ids.Event(one.Subject, one.Type, one.Sequence)} {one.Kind} {one.Service}"),
            ignoreOrder: true);
        // In causal order: a message follows its cause, and the first one has none.
        var position = messages.Select((message, index) => (Id: Text(message, "id"), index))
            .ToDictionary(entry => entry.Id, entry => entry.index);
        Text(messages[0], "type").ShouldBe("orders.order-placed");
        messages[0].GetProperty("causationId").ValueKind.ShouldBe(JsonValueKind.Null);
        foreach (var message in messages.Skip(1))
            position[Text(message, "causationId")].ShouldBeLessThan(position[Text(message, "id")], message.ToString());
        var trace = shown.Body.GetProperty("traces").EnumerateArray().ShouldHaveSingleItem();
        Text(trace, "traceId").ShouldBe(placed.Message.Headers.GetValues("X-Trace-Id").Single());
        trace.GetProperty("messages").GetInt32().ShouldBe(8);
        shown.Body.GetProperty("isComplete").GetBoolean().ShouldBeTrue();

        // A repetition is the same correlation in another trace, and has no further effect.
        var again = await Place();
        again.Message.Headers.GetValues("X-Correlation-Id").ShouldBe([correlation.ToString()]);
        again.Message.Headers.GetValues("X-Trace-Id").ShouldNotBe(placed.Message.Headers.GetValues("X-Trace-Id"));
        (await gateway.Http.Get(path)).Body.GetProperty("messages").GetArrayLength().ShouldBe(8);
        (await customer.Get(path)).ShouldBeProblem(HttpStatusCode.Forbidden, "forbidden");
    }

    [Fact]
    public async Task Unknown_correlation_is_not_found_and_another_form_is_refused()
    {
        var unknown = servers.Ids.Correlation("unknown", "GET /", "1");
        (await shop.Reporting.Http.Get($"/api/v1/correlations/{unknown}"))
            .ShouldBeProblem(HttpStatusCode.NotFound, "correlation-not-found");
        (await shop.Reporting.Http.Get("/api/v1/correlations/cart-1")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public void Event_follows_its_command_whatever_the_clocks_and_the_sequence_numbers_are()
    {
        var (subject, noon) = (Guid.NewGuid(), DateTimeOffset.UnixEpoch.AddHours(12));
        GetCorrelation.CorrelatedMessage Message(string kind, string type, long sequence, EventId? cause, DateTimeOffset time) => new(
            servers.Ids.Event(subject, type, sequence), kind, type, "payments", subject, sequence, time, null, cause);
        // The second command to a payment causes its first event, and the clock of Payments is late.
        var charge = Message("command", "charge", 1, null, noon);
        var refund = Message("command", "refund", 2, null, noon.AddSeconds(1));
        var refunded = Message("event", "refunded", 1, refund.Id, noon.AddSeconds(-5));
        var late = Message("event", "late", 2, null, noon.AddSeconds(-9));

        CausalOrder.Sort([late, refunded, refund, charge]).ShouldBe([charge, refund, refunded, late]);
    }
}

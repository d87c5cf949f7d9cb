using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>The folds of the read models, event by event.</summary>
public sealed class ReportingModelTests(ServersFixture servers)
{
    private static readonly ForgeIds Ids = new();
    private static readonly UserId Ada = Ids.User("ada@example.com");
    private static readonly DateTimeOffset Noon = ReportingHistory.Noon;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static OrderPlacedItem Item(OrderId order, string sku, int quantity, decimal price, string name = "Mug") =>
        new(Ids.OrderLine(order, Ids.Product(sku)), Ids.Product(sku), sku, name, quantity, new Money(price, "EUR"));

    private static RecordedEvent Placed(OrderId order, decimal total, string currency = "EUR", DateTimeOffset? at = null) =>
        ReportingHistory.Event(
            order.Value, 1, new OrderPlaced(order, Ada, "x", "pending", [], new Money(total, currency), "sim-ok", at ?? Noon), at);

    private static RecordedEvent Confirmed(OrderId order, decimal total, DateTimeOffset at, params OrderPlacedItem[] items) =>
        ReportingHistory.Event(order.Value, 2, new OrderConfirmed(order, Ada, new Money(total, "EUR"), at) { Items = items }, at);

    private static RecordedEvent Cancelled(
        OrderId order, decimal total, long sequence, DateTimeOffset? confirmedAt, params OrderPlacedItem[] items) =>
        ReportingHistory.Event(
            order.Value, sequence, new OrderCancelled(order, Ada, "customer-request", new Money(total, "EUR"), Noon.AddDays(5))
        {
            ConfirmedAt = confirmedAt, Items = items.Length == 0 ? null : items,
        });

    private static T? Fold<T>(Projection<T> projection, Guid id, params IEnumerable<RecordedEvent> events) where T : ReadModel =>
        events.Where(recorded => projection.DocumentsOf(recorded).Contains(id))
            .Aggregate(default(T), (document, recorded) => projection.Fold(id, document, recorded));

    private static T FoldOne<T>(Projection<T> projection, params RecordedEvent[] events) where T : ReadModel =>
        Fold(projection, events.SelectMany(projection.DocumentsOf).Distinct().Single(), events)!;

    [Fact]
    public void Spending_counts_from_the_confirmation_until_the_cancellation()
    {
        var (first, second, third) = (Ids.Order(Ada, "1"), Ids.Order(Ada, "2"), Ids.Order(Ada, "3"));
        RecordedEvent[] events =
        [
            Placed(first, 10m, at: Noon), Placed(second, 20m, "USD", Noon.AddHours(1)), Placed(third, 40m, at: Noon.AddMinutes(1)),
            Confirmed(first, 10m, Noon), Confirmed(third, 40m, Noon), Cancelled(third, 40m, 3, Noon), Cancelled(second, 20m, 2, null),
        ];
        foreach (var order in new[] { events, [.. events.Reverse()] })
        {
            var customer = FoldOne(CustomerReport.Projection, order);
            customer.Spent.ShouldBe([new Sum(10m, "EUR")]);
            (customer.OrderCount, customer.LastOrderAt, customer.LastCurrency).ShouldBe((3, Noon.AddHours(1), "USD"));
        }
    }

    [Fact]
    public void Cancellation_of_an_older_release_ends_the_spending_of_a_confirmed_order()
    {
        var order = Ids.Order(Ada, "1");
        FoldOne(CustomerReport.Projection, Confirmed(order, 10m, Noon), Cancelled(order, 10m, 3, null)).Spent.ShouldBe(
            [new Sum(0m, "EUR")]);
    }

    [Fact]
    public void Customer_keeps_the_latest_name_and_is_shown_as_deactivated()
    {
        RecordedEvent[] events =
        [
            ReportingHistory.Event(Ada.Value, 2, new UserProfileChanged(Ada, "Second", Noon)),
            ReportingHistory.Event(Ada.Value, 1, new UserRegistered(Ada, "ada@example.com", "First", Noon)),
            ReportingHistory.Event(Ada.Value, 3, new UserDeactivated(Ada, Noon.AddDays(1))),
        ];
        var customer = FoldOne(CustomerReport.Projection, events);
        (customer.Email, customer.Name, customer.DeactivatedAt).ShouldBe(("ada@example.com", "Second", Noon.AddDays(1)));
    }

    [Fact]
    public void Sums_above_the_limit_of_one_amount_are_exact()
    {
        var orders = Enumerable.Range(0, 11).Select(number => Confirmed(Ids.Order(Ada, $"{number}"), 100_000_000_000_000m, Noon)).ToArray();

        FoldOne(CustomerReport.Projection, orders).Spent.ShouldBe([new Sum(1_100_000_000_000_000m, "EUR")]);
        FoldOne(CustomerSpending.Projection, orders).Spent.Amount.ShouldBe(1_100_000_000_000_000m);
        FoldOne(SalesDay.Projection, orders).Revenue.ShouldBe([new Sum(1_100_000_000_000_000m, "EUR")]);
        var json = JsonSerializer.Serialize(new Sum(1_100_000_000_000_000m, "EUR"), JsonSerializerOptions.Web);
        json.ShouldBe("""{"amount":"1100000000000000.00","currency":"EUR"}""");
        JsonSerializer.Deserialize<Sum>(json, JsonSerializerOptions.Web)!.Amount.ShouldBe(1_100_000_000_000_000m);
    }

    [Fact]
    public void Sales_of_a_day_lose_the_order_that_is_cancelled_later()
    {
        var (first, second) = (Ids.Order(Ada, "1"), Ids.Order(Ada, "2"));
        var day = FoldOne(
            SalesDay.Projection, Confirmed(first, 10m, Noon), Confirmed(second, 5.5m, Noon.AddHours(11)), Cancelled(first, 10m, 3, Noon),
            Cancelled(Ids.Order(Ada, "3"), 7m, 2, null));

        (day.Date, day.OrderCount).ShouldBe(("2026-03-01", 1));
        day.Revenue.ShouldBe([new Sum(5.5m, "EUR")]);
    }

    [Fact]
    public void Product_sales_follow_confirmations_and_cancellations_and_the_latest_name()
    {
        var (first, second) = (Ids.Order(Ada, "1"), Ids.Order(Ada, "2"));
        RecordedEvent[] events =
        [
            Confirmed(first, 0m, Noon.AddDays(1), Item(first, "A", 2, 999_999_999_999_999m, "New name"), Item(first, "B", 1, 1m)),
            Confirmed(second, 0m, Noon, Item(second, "A", 3, 2m, "Old name"), Item(second, "C", 1, 1m)),
            Cancelled(second, 0m, 3, Noon, Item(second, "A", 3, 2m, "Old name"), Item(second, "C", 1, 1m)),
        ];

        var product = Fold(ProductSales.Projection, Ids.Product("A").Value, events)!;
        (product.Sku, product.Name, product.OrderCount, product.Quantity).ShouldBe(("A", "New name", 1, 2));
        product.Revenue.ShouldBe([new Sum(1_999_999_999_999_998m, "EUR")]);
        (Fold(ProductSales.Projection, Ids.Product("C").Value, events)!.Quantity,
            Fold(ProductSales.Projection, Ids.Product("B").Value, events)!.Quantity).ShouldBe((0, 1));
    }

    [Fact]
    public void Timeline_is_ordered_by_time_unless_cause_or_sequence_contradict()
    {
        var placed = Placed(Ids.Order(Ada, "cart-1"), 1m, at: Noon.AddSeconds(5));
        var notification = Ids.Notification(Ada, "order-placed", placed.Subject);
        // The clock of Notifications is 8 s behind.
        var sent = ReportingHistory.Event(
            notification.Value, 1, new NotificationSent(notification, Ada, "order-placed", placed.Subject, "in-app", Noon),
            Noon.AddSeconds(-3), placed.Id);
        var later = placed with { Id = Ids.Event(placed.Subject, "orders.order-confirmed", 2), Type = "orders.order-confirmed",
            Sequence = 2, Time = Noon.AddSeconds(4) };
        var unrelated = placed with { Id = Ids.Event(Ada.Value, "other", 1), Type = "other", Subject = Ada.Value, Time = Noon };

        foreach (
            var arrival in new[] { new[] { placed, sent, later, unrelated }, [unrelated, later, sent, placed],
            [sent, unrelated, placed, later] })
            CausalOrder.Sort(arrival.Select(TimelineEvent.Of)).Select(@event => @event.Type)
                .ShouldBe(["orders.order-placed", "notifications.notification-sent", "other", "orders.order-confirmed"]);
    }

    [Fact]
    public void Data_of_a_newer_version_is_refused()
    {
        var newer = Placed(Ids.Order(Ada, "cart-1"), 1m) with { DataVersion = 2 };
        Should.Throw<UnknownEventVersionException>(() => newer.Payload);
        (newer with { Type = "orders.order-from-a-later-release" }).Payload.ShouldBeNull();
    }

    [Fact]
    public async Task Event_log_returns_new_and_redelivered_events_and_drops_other_copies()
    {
        using var host = ReportingReplica.OpenStore(await servers.CreateDatabase("log"));
        var log = new EventLog(host.Services.GetRequiredService<IDocumentStore>());
        var (first, second) = (Placed(Ids.Order(Ada, "1"), 1m) with { Offset = 1 }, Placed(Ids.Order(Ada, "2"), 1m) with { Offset = 2 });
        var copies = new[] { first with { Offset = 3 }, first with { Partition = "order.events-0@2" }, second with { Offset = 4 } };

        (await log.AppendAsync([first, copies[0], second], Cancellation)).Select(recorded => recorded.Offset).ShouldBe([1, 2]);
        (await log.AppendAsync([first with { RecordedAt = Noon.AddDays(1) }, copies[1], copies[2]], Cancellation)).Single()
            .ShouldSatisfyAllConditions(
                recorded => recorded.Offset.ShouldBe(1), recorded => recorded.RecordedAt.ShouldBe(first.RecordedAt));
        (await log.ReadAsync(first.Partition, 2, 10, Cancellation)).Select(recorded => recorded.Id).ShouldBe([second.Id]);
        (await log.ReadAsync(first.Partition, 0, 1, Cancellation)).Select(recorded => recorded.Id).ShouldBe([first.Id]);
    }
}

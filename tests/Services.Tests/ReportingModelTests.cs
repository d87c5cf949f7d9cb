using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting;
using ForgeShop.Reporting.Customers;
using ForgeShop.Reporting.Log;
using ForgeShop.Reporting.Orders;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Services.Tests;

/// <summary>Reporting's read models against a real store, without the way there: in any order, many at a time, interrupted anywhere.</summary>
public sealed class ReportingModelTests(ServersFixture servers)
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RecordedEvent Event<TEvent>(Guid subject, long sequence, TEvent data, DateTimeOffset? time = null, EventId? cause = null) where TEvent : IEventData => new(
        servers.Ids.Event(subject, TEvent.Type, sequence), TEvent.Type, "/tests", subject, sequence, time ?? Noon, TEvent.DataVersion, null, cause, null,
        JsonSerializer.SerializeToElement(data, ContractsJson.Options), time ?? Noon);

    private RecordedEvent Placed(UserId user, string reference, decimal amount, string currency = "EUR", DateTimeOffset? at = null)
    {
        var order = servers.Ids.Order(user, reference);
        return Event(order.Value, 1, new OrderPlaced(order, user, reference, "pending", [], new Money(amount, currency), "sim-ok", at ?? Noon), at);
    }

    private RecordedEvent Confirmed(UserId user, OrderId order, decimal amount, string currency = "EUR") =>
        Event(order.Value, 2, new OrderConfirmed(order, user, new Money(amount, currency), Noon), Noon.AddHours(1));

    private RecordedEvent Cancelled(UserId user, OrderId order, long sequence) =>
        Event(order.Value, sequence, new OrderCancelled(order, user, "customer-request", new Money(1, "EUR"), Noon), Noon.AddHours(2));

    private RecordedEvent Sent(UserId user, OrderId order, DateTimeOffset? time = null, EventId? cause = null)
    {
        var notification = servers.Ids.Notification(user, "order-placed", order.Value);
        return Event(notification.Value, 1, new NotificationSent(notification, user, "order-placed", order.Value, "in-app", Noon), time, cause);
    }

    private async Task<IHost> Store()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration["ConnectionStrings:reporting"] = await servers.CreateDatabase("models");
        builder.AddDocuments("reporting", documents => documents.Collection(OrderReport.Model).Collection(CustomerReport.Model).Collection(RecordedEvent.Model));
        return builder.Build();
    }

    [Fact]
    public async Task Events_delivered_thrice_in_any_order_by_many_at_once_and_interrupted_anywhere_leave_exact_sums()
    {
        using var store = await Store();
        var (customers, orders) = (store.Services.GetRequiredService<IDocumentCollection<CustomerReport>>(), store.Services.GetRequiredService<IDocumentCollection<OrderReport>>());
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var users = Enumerable.Range(0, 3).Select(_ => servers.Ids.User($"{Guid.NewGuid():N}@example.com")).ToList();
        var events = users.SelectMany(user => Enumerable.Range(0, 25).SelectMany(number =>
        {
            var placed = Placed(user, $"cart-{number}", 1 + number, number % 5 == 0 ? "USD" : "EUR", Noon.AddMinutes(number));
            var order = new OrderId(placed.Subject);
            var confirmed = Confirmed(user, order, 1 + number, number % 5 == 0 ? "USD" : "EUR");
            var reserved = Event(servers.Ids.Reservation(order).Value, 1, new StockReserved(servers.Ids.Reservation(order), order), placed.Time.AddSeconds(2));
            // Every fourth is cancelled, of those every other one after it was confirmed.
            RecordedEvent[] rest = (number % 8) switch { 3 => [Cancelled(user, order, 2)], 7 => [confirmed, Cancelled(user, order, 3)], _ => [confirmed] };
            return new[] { placed, Sent(user, order, placed.Time.AddSeconds(1), placed.Id), reserved }.Concat(rest);
        }).Append(Event(user.Value, 1, new UserRegistered(user, "first@example.com", "First", Noon)))
          .Append(Event(user.Value, 2, new UserProfileChanged(user, "Second", Noon)))).ToList();
        var deliveries = Enumerable.Repeat(events, 3).SelectMany(all => all).ToArray();
        random.Shuffle(deliveries);

        var (brittleCustomers, brittleOrders) = (new BrittleCollection<CustomerReport>(customers, random), new BrittleCollection<OrderReport>(orders, random));
        IProjection[] projections = [new CustomerProjection(brittleCustomers), new OrderProjection(brittleOrders, new CustomerSums(brittleCustomers, brittleOrders))];
        await Parallel.ForEachAsync(deliveries, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancellation }, async (delivered, token) =>
        {
            foreach (var projection in projections)
                await UntilItSucceeds(() => projection.ApplyAsync(delivered, token));
        });

        foreach (var user in users)
        {
            var customer = (await customers.GetAsync(user.Value, Cancellation))!.Value;
            customer.OrderCount.ShouldBe(25, $"seed {seed}");
            var spent = Enumerable.Range(0, 25).Where(number => number % 4 != 3).ToLookup(number => number % 5 == 0 ? "USD" : "EUR", number => 1m + number);
            customer.Spent.OrderBy(sum => sum.Currency).ToList().ShouldBe([new Money(spent["EUR"].Sum(), "EUR"), new Money(spent["USD"].Sum(), "USD")], $"seed {seed}");
            (customer.Email, customer.Name).ShouldBe(("first@example.com", "Second"), $"seed {seed}");
            (customer.LastOrderAt, customer.LastCurrency).ShouldBe((Noon.AddMinutes(24), "EUR"));
            customer.BeingCounted.ShouldBeEmpty();
            for (var number = 0; number < 25; number++)
            {
                var order = (await orders.GetAsync(servers.Ids.Order(user, $"cart-{number}").Value, Cancellation))!.Value;
                order.Status.ShouldBe(number % 4 == 3 ? "cancelled" : "confirmed", $"seed {seed}");
                order.Timeline.Select(@event => @event.Type).Take(3).ShouldBe(["orders.order-placed", "notifications.notification-sent", "inventory.stock-reserved"]);
            }
        }
        brittleCustomers.Interruptions.ShouldBeGreaterThan(10, "otherwise this test says nothing");
    }

    private static async Task UntilItSucceeds(Func<Task> work)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await work();
                return;
            }
            catch (InterruptedException) when (attempt < 1000)
            {
            }
        }
    }

    [Fact]
    public void What_an_order_adds_is_replaced_when_it_changes_and_not_added_again()
    {
        var user = servers.Ids.User("ada@example.com");
        var id = servers.Ids.Order(user, "cart-1");
        var order = new OrderReport(id).With(Placed(user, "cart-1", 40m))!.With(Confirmed(user, id, 40m))!;
        var once = new CustomerReport(user).Counting(order).ShouldNotBeNull();
        once.Counting(order).ShouldBeNull();

        // Before it is marked in the order, and after.
        var cheaper = order with { Sequence = 3, Total = new Money(30m, "EUR") };
        var twice = once.Counting(cheaper).ShouldNotBeNull();
        twice.Spent.ShouldBe([new Money(30m, "EUR")]);
        twice.OrderCount.ShouldBe(1);
        twice.Counted(order.Id, 2).ShouldBeNull("the note is of sequence 3 by now");
        var settled = twice.Counted(order.Id, 3).ShouldNotBeNull();
        settled.BeingCounted.ShouldBeEmpty();
        settled.Counting(cheaper with { Counted = cheaper.Due }).ShouldBeNull();
        settled.Counting(cheaper with { Counted = cheaper.Due, Sequence = 4, Total = new Money(5m, "EUR") })!.Spent.ShouldBe([new Money(5m, "EUR")]);
    }

    [Fact]
    public void A_timeline_is_by_time_except_where_clocks_contradict_cause_or_sequence()
    {
        var user = servers.Ids.User("ada@example.com");
        var placed = Placed(user, "cart-1", 1m, at: Noon.AddSeconds(5));
        var order = new OrderId(placed.Subject);
        // The clock of Notifications is 8 s behind.
        var sent = Sent(user, order, Noon.AddSeconds(-3), placed.Id);
        var later = placed with { Id = servers.Ids.Event(placed.Subject, "orders.order-confirmed", 2), Type = "orders.order-confirmed", Sequence = 2, Time = Noon.AddSeconds(4) };
        var unrelated = placed with { Id = servers.Ids.Event(user.Value, "other", 1), Type = "other", Subject = user.Value, Time = Noon };

        foreach (var arrival in new[] { new[] { placed, sent, later, unrelated }, [unrelated, later, sent, placed], [sent, unrelated, placed, later] })
            TimelineEvent.InOrder([.. arrival.Select(TimelineEvent.Of)]).Select(@event => @event.Type).ShouldBe(["orders.order-placed", "notifications.notification-sent", "other", "orders.order-confirmed"]);
    }

    [Fact]
    public async Task The_event_log_is_read_back_whole_and_in_the_order_of_arrival()
    {
        using var store = await Store();
        var log = new EventLog(store.Services.GetRequiredService<IDocumentCollection<RecordedEvent>>());
        var user = servers.Ids.User("ada@example.com");
        var recorded = Enumerable.Range(0, 450).Select(number => Placed(user, $"cart-{number}", 1m) with { RecordedAt = Noon.AddMilliseconds(number) }).ToList();
        await Parallel.ForEachAsync(recorded.Concat(recorded), Cancellation, async (one, token) => await log.AppendAsync(one, token));

        var read = new List<EventId>();
        await foreach (var one in log.ReadAsync(Cancellation))
            read.Add(one.Id);

        read.ShouldBe(recorded.Select(one => one.Id));
    }

    [Fact]
    public void Data_of_a_shape_that_is_not_known_yet_is_refused_and_not_guessed_at()
    {
        var newer = Placed(servers.Ids.User("ada@example.com"), "cart-1", 1m) with { DataVersion = 2 };
        Should.Throw<NotSupportedException>(() => newer.Is<OrderPlaced>(out _));
        newer.Is<UserRegistered>(out _).ShouldBeFalse();
    }

    private sealed class InterruptedException : Exception;

    /// <summary>The real collection, behind a connection that breaks now and then: before a call, or after it, so that its answer is lost.</summary>
    private sealed class BrittleCollection<T>(IDocumentCollection<T> inner, Random random) : IDocumentCollection<T> where T : class
    {
        private int _interruptions;

        public int Interruptions => _interruptions;

        public string Name => inner.Name;

        public Task EnsureCreatedAsync(CancellationToken cancellationToken) => inner.EnsureCreatedAsync(cancellationToken);

        public async Task<Document<T>?> GetAsync(Guid id, CancellationToken cancellationToken)
        {
            Break(0.03);
            return await inner.GetAsync(id, cancellationToken);
        }

        public async Task<bool> UpsertAsync(Guid id, T value, long expectedVersion, CancellationToken cancellationToken)
        {
            Break(0.05);
            var written = await inner.UpsertAsync(id, value, expectedVersion, cancellationToken);
            Break(0.15);
            return written;
        }

        public Task<DocumentPage<T>> QueryAsync(DocumentQuery<T> query, CancellationToken cancellationToken) => inner.QueryAsync(query, cancellationToken);

        private void Break(double probability)
        {
            lock (random)
            {
                if (random.NextDouble() >= probability)
                    return;
            }
            Interlocked.Increment(ref _interruptions);
            throw new InterruptedException();
        }
    }
}

using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Payments;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Payments against a provider that does what it likes: what is taken is taken once, and what is to be given back is.</summary>
public sealed class PaymentsTests(ServersFixture servers, PaymentsTests.Fixture fixture) : IClassFixture<PaymentsTests.Fixture>
{
    /// <summary>An instance with a slow provider and a short time-out. It publishes nothing: its events stay in its outbox.</summary>
    public sealed class Fixture(ServersFixture servers) : IAsyncLifetime
    {
        public RunningService<PaymentsDb> Payments { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Payments = await servers.StartPayments(
            settings: [("Payments:ProviderTimeout", "00:00:01.5"), ("Payments:MinBackoff", "00:00:00.050"),
                ("Payments:ChargeTimeout", "00:00:02"), ("SimulatedProvider:SlowAnswer", "00:00:00.700")]);

        public ValueTask DisposeAsync() => Payments.DisposeAsync();
    }

    private readonly RunningService<PaymentsDb> _payments = fixture.Payments;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private OrderId NewOrder() => servers.Ids.Order(servers.Ids.User("pay@example.com"), Guid.NewGuid().ToString());

    private Task Charge(OrderId order, string method, TimeSpan? valid = null)
    {
        var id = servers.Ids.Payment(order, 1);
        return _payments.Handle(id.Value, new ChargePayment(id, order, 1, new Money(12.50m, "EUR"), method, DateTimeOffset.UtcNow + (valid ?? TimeSpan.FromMinutes(1))));
    }

    private Task Refund(OrderId order)
    {
        var id = servers.Ids.Payment(order, 1);
        return _payments.Handle(id.Value, new RefundPayment(id, order, 1, new Money(12.50m, "EUR")));
    }

    private Task<string> Told(OrderId order) => _payments.Database.Scalar<string>(
        "select coalesce(string_agg(type || ' ' || sequence, ', ' order by sequence), '') from outbox where subject = $1", servers.Ids.Payment(order, 1).Value);

    private Task<string> ToldAtLast(OrderId order, string expected) =>
        Eventually.Get($"payments told: {expected}", _ => Told(order), told => told == expected, cancellationToken: Cancellation);

    private async Task<(string State, int Captures)> Books(OrderId order) => (
        await _payments.Database.Scalar<string>("select coalesce(max(state), 'nothing') from simulated_provider.charges where payment_id = $1", servers.Ids.Payment(order, 1).Value),
        await _payments.Database.Scalar<int>("select coalesce(sum(captures), 0)::int from simulated_provider.charges where payment_id = $1", servers.Ids.Payment(order, 1).Value));

    [Theory]
    [InlineData("sim-ok", "payments.payment-charged 1", "captured", 1)]
    [InlineData("sim-slow", "payments.payment-charged 1", "captured", 1)]
    [InlineData("sim-declined", "payments.payment-declined 1", "declined", 0)]
    [InlineData("sim-lost-answer", "payments.payment-charged 1", "captured", 1)]
    public async Task A_payment_comes_out_as_the_provider_says_and_is_taken_once(string method, string told, string state, int captures)
    {
        var order = NewOrder();

        await Charge(order, method);
        await Charge(order, method);

        await ToldAtLast(order, told);
        (await Books(order)).ShouldBe((state, captures));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1)]
    public async Task A_provider_that_never_answers_is_given_up_and_can_never_take_the_money_any_more(int validForSeconds)
    {
        var order = NewOrder();

        await Charge(order, "sim-timeout", valid: TimeSpan.FromSeconds(validForSeconds));

        await ToldAtLast(order, "payments.payment-refunded 1");
        (await Books(order)).ShouldBe(("voided", 0));
        (await Refunded(order)).ShouldBe(new Money(0, "EUR"));
    }

    [Fact]
    public async Task A_charge_that_nobody_waits_for_any_more_is_not_begun()
    {
        var order = NewOrder();

        await Charge(order, "sim-ok", valid: TimeSpan.Zero);

        await ToldAtLast(order, "payments.payment-refunded 1");
        (await Books(order)).ShouldBe(("voided", 0));
    }

    [Fact]
    public async Task A_charge_that_succeeds_after_its_refund_was_asked_for_is_given_back()
    {
        var order = NewOrder();
        await Charge(order, "sim-slow");
        await Eventually.True(
            "the provider is being asked",
            async _ => await _payments.Database.Scalar<bool>("select claimed_until is not null from payments where order_id = $1", order.Value), cancellationToken: Cancellation);

        await Refund(order);

        await ToldAtLast(order, "payments.payment-charged 1, payments.payment-refunded 2");
        (await Books(order)).ShouldBe(("refunded", 1));
        (await Refunded(order)).ShouldBe(new Money(12.50m, "EUR"));
    }

    [Fact]
    public async Task A_refund_that_is_faster_than_its_charge_leaves_nothing_to_charge()
    {
        var order = NewOrder();

        await Refund(order);
        await Charge(order, "sim-ok");

        await ToldAtLast(order, "payments.payment-refunded 1");
        (await Books(order)).ShouldBe(("voided", 0));
    }

    [Fact]
    public async Task A_refund_is_made_once_and_answered_every_time()
    {
        var order = NewOrder();
        await Charge(order, "sim-ok");
        await ToldAtLast(order, "payments.payment-charged 1");

        await Refund(order);
        await ToldAtLast(order, "payments.payment-charged 1, payments.payment-refunded 2");
        await Refund(order);

        await ToldAtLast(order, "payments.payment-charged 1, payments.payment-refunded 2, payments.payment-refunded 3");
        (await Books(order)).ShouldBe(("refunded", 1));
    }

    [Fact]
    public async Task A_payment_whose_worker_died_is_taken_over_when_its_claim_runs_out()
    {
        var order = NewOrder();
        await Charge(order, "sim-timeout");
        await Eventually.True(
            "the provider is being asked",
            async _ => await _payments.Database.Scalar<bool>("select claimed_until is not null from payments where order_id = $1", order.Value), cancellationToken: Cancellation);

        // What a worker leaves that was killed in the middle of its call; and by now the provider would answer.
        await _payments.Database.Scalar<int>(
            "with died as (update payments set claimed_until = now() - interval '1 second', method = 'sim-ok' where order_id = $1 returning 1) select count(*)::int from died", order.Value);

        await ToldAtLast(order, "payments.payment-charged 1");
        (await Books(order)).ShouldBe(("captured", 1));
    }

    [Fact]
    public void A_charge_that_was_given_up_while_another_worker_asked_is_told_as_refunded_alone()
    {
        var (order, now) = (NewOrder(), DateTimeOffset.UtcNow);
        var id = servers.Ids.Payment(order, 1);
        var payment = Payment.Request(new ChargePayment(id, order, 1, new Money(12.50m, "EUR"), "sim-ok", now.AddMinutes(5)), MessageOrigin.None, now);

        // The first worker's claim runs out before it comes to record that it got no answer; the second one gets the money.
        payment.Claim(now, now.AddSeconds(36));
        payment.Claim(now.AddSeconds(37), now.AddSeconds(73));
        payment.Unanswered(now.AddSeconds(38), TimeSpan.FromSeconds(1), giveUpAfter: TimeSpan.FromSeconds(20));

        payment.Charged(now.AddSeconds(39)).ShouldBeNull("the order would confirm what is going to be given back");
        payment.NextCallAt.ShouldBe(now.AddSeconds(39));
        payment.Refunded(payment.Amount, now.AddSeconds(40)).ShouldNotBeNull().Amount.ShouldBe(payment.Amount);
    }

    [Fact]
    public async Task Many_payments_at_once_are_worked_off_by_two_replicas_and_each_is_taken_once()
    {
        await using var second = await servers.StartPayments(_payments.Database);
        var methods = new[] { "sim-ok", "sim-lost-answer", "sim-declined", "sim-slow" };
        var orders = Enumerable.Range(0, 80).Select(number => (Order: NewOrder(), Method: methods[number % methods.Length])).ToList();

        await Task.WhenAll(orders.Select(one => Charge(one.Order, one.Method)));

        foreach (var (order, method) in orders)
            await ToldAtLast(order, method == "sim-declined" ? "payments.payment-declined 1" : "payments.payment-charged 1");
        foreach (var (order, method) in orders)
            (await Books(order)).ShouldBe(method == "sim-declined" ? ("declined", 0) : ("captured", 1));
    }

    private async Task<Money> Refunded(OrderId order)
    {
        var data = await _payments.Database.Scalar<string>("select payload::text from outbox where subject = $1 and type = 'payments.payment-refunded'", servers.Ids.Payment(order, 1).Value);
        return JsonSerializer.Deserialize<PaymentRefunded>(data, ContractsJson.Options)!.Amount;
    }
}

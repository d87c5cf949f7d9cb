using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Payments;
using ForgeShop.TestSupport;
using Microsoft.Extensions.Time.Testing;

namespace ForgeShop.Services.Tests;

/// <summary>Payments against an unreliable provider: each charge is captured once, and each refund is made.</summary>
public sealed class PaymentsTests(ServersFixture servers, PaymentsTests.Fixture fixture) : IClassFixture<PaymentsTests.Fixture>
{
    private static readonly (string, string)[] Settings =
        [("Payments:MinBackoff", "00:00:00.050"), ("SimulatedProvider:SlowAnswer", "00:00:00.200")];

    /// <summary>
    /// Two instances with the time-outs of production; the clock of the second stands still unless a test advances it. They publish
    /// nothing: their events stay in their outboxes.
    /// </summary>
    public sealed class Fixture(ServersFixture servers) : IAsyncLifetime
    {
        public RunningService<PaymentsDb> Payments { get; private set; } = null!;

        public RunningService<PaymentsDb> Still { get; private set; } = null!;

        public FakeTimeProvider Time { get; } = new(TimeProvider.System.GetUtcNow());

        public async ValueTask InitializeAsync() =>
            (Payments, Still) = (await servers.StartPayments(settings: Settings), await servers.StartPayments(time: Time));

        public async ValueTask DisposeAsync()
        {
            await Payments.DisposeAsync();
            await Still.DisposeAsync();
        }
    }

    private RunningService<PaymentsDb> _payments = fixture.Payments;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private OrderId NewOrder() => servers.Ids.Order(servers.Ids.User("pay@example.com"), Guid.NewGuid().ToString());

    private DateTimeOffset Now => (_payments == fixture.Still ? fixture.Time : TimeProvider.System).GetUtcNow();

    private Task Charge(OrderId order, string method, TimeSpan? valid = null)
    {
        var id = servers.Ids.Payment(order, 1);
        return _payments.Handle(id.Value,
            new ChargePayment(
                id, order, 1, new Money(12.50m, "EUR"), method, Now + (valid ?? TimeSpan.FromMinutes(1))));
    }

    private Task Refund(OrderId order)
    {
        var id = servers.Ids.Payment(order, 1);
        return _payments.Handle(id.Value, new RefundPayment(id, order, 1, new Money(12.50m, "EUR")));
    }

    private Task<string> Published(OrderId order) => _payments.Database.Scalar<string>(
        "select coalesce(string_agg(type || ' ' || sequence, ', ' order by sequence), '') from outbox where subject = $1",
        servers.Ids.Payment(order, 1).Value);

    /// <summary>Waits for the events of a payment, while the clock that stands still is advanced in steps.</summary>
    private Task<string> EventuallyPublished(OrderId order, string expected, TimeSpan step = default) => Eventually.Get(
        $"Payments published {expected}",
        _ =>
        {
            fixture.Time.Advance(step);
            return Published(order);
        },
        published => published == expected,
        cancellationToken: Cancellation);

    private async Task<(string State, int Captures)> AtProvider(OrderId order) => (
        await _payments.Database.Scalar<string>(
            "select coalesce(max(state), 'nothing') from simulated_provider.charges where payment_id = $1",
            servers.Ids.Payment(order, 1).Value),
        await _payments.Database.Scalar<int>("select coalesce(sum(captures), 0)::int from simulated_provider.charges where payment_id = $1",
            servers.Ids.Payment(order, 1).Value));

    [Theory]
    [InlineData("sim-ok", "payments.payment-charged 1", "captured", 1)]
    [InlineData("sim-slow", "payments.payment-charged 1", "captured", 1)]
    [InlineData("sim-declined", "payments.payment-declined 1", "declined", 0)]
    [InlineData("sim-lost-answer", "payments.payment-charged 1", "captured", 1)]
    public async Task Payment_has_the_providers_outcome_and_is_captured_once(string method, string published, string state, int captures)
    {
        var order = NewOrder();

        await Charge(order, method);
        await Charge(order, method);

        await EventuallyPublished(order, published);
        (await AtProvider(order)).ShouldBe((state, captures));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1)]
    public async Task Payment_without_an_answer_is_given_up_and_cannot_be_captured_later(int validForSeconds)
    {
        _payments = fixture.Still;
        var order = NewOrder();

        await Charge(order, "sim-timeout", valid: TimeSpan.FromSeconds(validForSeconds));

        await EventuallyPublished(order, "payments.payment-refunded 1", step: TimeSpan.FromSeconds(2));
        (await AtProvider(order)).ShouldBe(("voided", 0));
        (await Refunded(order)).ShouldBe(new Money(0, "EUR"));
    }

    [Fact]
    public async Task Charge_after_its_ValidUntil_is_not_attempted()
    {
        var order = NewOrder();

        await Charge(order, "sim-ok", valid: TimeSpan.Zero);

        await EventuallyPublished(order, "payments.payment-refunded 1");
        (await AtProvider(order)).ShouldBe(("voided", 0));
    }

    [Fact]
    public async Task Charge_that_succeeds_after_a_refund_request_is_refunded()
    {
        _payments = fixture.Still;
        var order = NewOrder();
        await Charge(order, "sim-slow");
        await Eventually.True(
            "the provider is being asked",
            async _ =>
                await _payments.Database.Scalar<bool>("select claimed_until is not null from payments where order_id = $1", order.Value),
                cancellationToken: Cancellation);

        await Refund(order);
        fixture.Time.Advance(new SimulatedProviderOptions().SlowAnswer);

        // Small steps, because the provider may have begun after the clock was advanced, and the lease must not end.
        await EventuallyPublished(
            order, "payments.payment-charged 1, payments.payment-refunded 2", step: TimeSpan.FromMilliseconds(100));
        (await AtProvider(order)).ShouldBe(("refunded", 1));
        (await Refunded(order)).ShouldBe(new Money(12.50m, "EUR"));
    }

    [Fact]
    public async Task Refund_before_its_charge_prevents_the_charge()
    {
        var order = NewOrder();

        await Refund(order);
        await Charge(order, "sim-ok");

        await EventuallyPublished(order, "payments.payment-refunded 1");
        (await AtProvider(order)).ShouldBe(("voided", 0));
    }

    [Fact]
    public async Task Refund_is_made_once_and_every_command_is_answered()
    {
        var order = NewOrder();
        await Charge(order, "sim-ok");
        await EventuallyPublished(order, "payments.payment-charged 1");

        await Refund(order);
        await EventuallyPublished(order, "payments.payment-charged 1, payments.payment-refunded 2");
        await Refund(order);

        await EventuallyPublished(order, "payments.payment-charged 1, payments.payment-refunded 2, payments.payment-refunded 3");
        (await AtProvider(order)).ShouldBe(("refunded", 1));
    }

    [Fact]
    public async Task Payment_of_a_dead_worker_is_claimed_after_its_lease()
    {
        var order = NewOrder();
        await Charge(order, "sim-timeout");
        await Eventually.True(
            "the provider is being asked",
            async _ =>
                await _payments.Database.Scalar<bool>("select claimed_until is not null from payments where order_id = $1", order.Value),
                cancellationToken: Cancellation);

        // As after a kill during the call; the provider answers by now.
        await _payments.Database.Scalar<int>(
            "with died as (update payments set claimed_until = now() - interval '1 second', method = 'sim-ok' where order_id = $1 "
            + "returning 1) select count(*)::int from died", order.Value);

        await EventuallyPublished(order, "payments.payment-charged 1");
        (await AtProvider(order)).ShouldBe(("captured", 1));
    }

    [Fact]
    public void Charge_given_up_during_another_workers_call_publishes_the_refund_only()
    {
        var (order, now) = (NewOrder(), DateTimeOffset.UnixEpoch);
        var id = servers.Ids.Payment(order, 1);
        var payment = Payment.Request(
            new ChargePayment(id, order, 1, new Money(12.50m, "EUR"), "sim-ok", now.AddMinutes(5)), MessageOrigin.None, now);

        // The first worker's lease ends before it records the time-out; the second worker's charge succeeds.
        payment.Claim(now, now.AddSeconds(36));
        payment.Claim(now.AddSeconds(37), now.AddSeconds(73));
        payment.Unanswered(now.AddSeconds(38), TimeSpan.FromSeconds(1), giveUpAfter: TimeSpan.FromSeconds(20));

        payment.Charged(now.AddSeconds(39)).ShouldBeNull("the order would be confirmed although its charge is refunded");
        payment.NextCallAt.ShouldBe(now.AddSeconds(39));
        payment.Refunded(payment.Amount, now.AddSeconds(40)).ShouldNotBeNull().Amount.ShouldBe(payment.Amount);
    }

    [Fact]
    public async Task Two_replicas_capture_each_of_many_payments_once()
    {
        await using var second = await servers.StartPayments(_payments.Database, settings: Settings);
        var methods = new[] { "sim-ok", "sim-lost-answer", "sim-declined", "sim-slow" };
        var orders = Enumerable.Range(0, 80).Select(number => (Order: NewOrder(), Method: methods[number % methods.Length])).ToList();

        await Task.WhenAll(orders.Select(one => Charge(one.Order, one.Method)));

        foreach (var (order, method) in orders)
            await EventuallyPublished(order, method == "sim-declined" ? "payments.payment-declined 1" : "payments.payment-charged 1");
        foreach (var (order, method) in orders)
            (await AtProvider(order)).ShouldBe(method == "sim-declined" ? ("declined", 0) : ("captured", 1));
    }

    private async Task<Money> Refunded(OrderId order)
    {
        var data = await _payments.Database.Scalar<string>(
            "select payload::text from outbox where subject = $1 and type = 'payments.payment-refunded'",
            servers.Ids.Payment(order, 1).Value);
        return JsonSerializer.Deserialize<PaymentRefunded>(data, ContractsJson.Options)!.Amount;
    }
}

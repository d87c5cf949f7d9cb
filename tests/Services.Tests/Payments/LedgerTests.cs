using System.Net;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Payments;
using ForgeShop.TestSupport;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql;

namespace ForgeShop.Services.Tests;

/// <summary>The ledger of payments: every change is an entry, and a payment is the fold of its entries.</summary>
public sealed class LedgerTests(ServersFixture servers, LedgerTests.Fixture fixture) : IClassFixture<LedgerTests.Fixture>
{
    private static readonly Money Price = new(12.50m, "EUR");

    /// <summary>An instance whose events stay in its outbox.</summary>
    public sealed class Fixture(ServersFixture servers) : IAsyncLifetime
    {
        public RunningService<PaymentsDb> Payments { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Payments = await servers.StartPayments();

        public ValueTask DisposeAsync() => Payments.DisposeAsync();
    }

    private readonly RunningService<PaymentsDb> _payments = fixture.Payments;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private OrderId NewOrder() => servers.Ids.Order(servers.Ids.User("ledger@example.com"), Guid.NewGuid().ToString());

    private ChargePayment Charge(OrderId order, string method = "sim-ok") =>
        new(servers.Ids.Payment(order, 1), order, 1, Price, method, TimeProvider.System.GetUtcNow().AddMinutes(1));

    private RefundPayment Refund(OrderId order) => new(servers.Ids.Payment(order, 1), order, 1, Price);

    private Task<string> Entries(OrderId order, string expected) => Eventually.Get(
        $"the ledger has {expected}",
        _ => _payments.Database.Scalar<string>(
            "select coalesce(string_agg(version || ' ' || kind || ' ' || amount::numeric(19,2), ', ' order by version), '') from ledger "
            + "where payment_id = $1",
            servers.Ids.Payment(order, 1).Value),
        entries => entries == expected, cancellationToken: Cancellation);

    private async Task<LedgerMismatch?> Mismatch(OrderId order)
    {
        var page = await _payments.InScope<LedgerComparison, LedgerPage>(
            ledger => ledger.CompareAsync(null, LedgerComparison.MaxPayments, Cancellation));
        page.Next.ShouldBeNull();
        return page.Mismatches.SingleOrDefault(mismatch => mismatch.PaymentId == servers.Ids.Payment(order, 1));
    }

    [Fact]
    public async Task Every_change_of_a_payment_is_one_entry_and_the_row_is_their_fold()
    {
        var (charged, declined, refunded, refundFirst) = (NewOrder(), NewOrder(), NewOrder(), NewOrder());
        async Task Handle<T>(OrderId order, T command) where T : ICommandData =>
            await _payments.Handle(servers.Ids.Payment(order, 1).Value, command);
        await Handle(charged, Charge(charged));
        await Handle(charged, Charge(charged));
        await Handle(declined, Charge(declined, "sim-declined"));
        await Handle(refunded, Charge(refunded));
        await Handle(refundFirst, Refund(refundFirst));
        await Handle(refundFirst, Charge(refundFirst));
        await Entries(refunded, "1 requested 12.50, 2 charged 12.50");
        await Handle(refunded, Refund(refunded));
        await Handle(refunded, Refund(refunded));

        await Entries(charged, "1 requested 12.50, 2 charged 12.50");
        await Entries(declined, "1 requested 12.50, 2 declined 0.00");
        await Entries(refunded, "1 requested 12.50, 2 charged 12.50, 3 refundrequested 12.50, 4 refunded 12.50");
        await Entries(refundFirst, "1 refundrequested 12.50, 2 refunded 0.00");
        foreach (var order in new[] { charged, declined, refunded, refundFirst })
            (await Mismatch(order)).ShouldBeNull();
    }

    [Fact]
    public async Task Tampered_rows_and_entries_are_found_by_folding_again()
    {
        var orders = Enumerable.Range(0, 5).Select(_ => NewOrder()).ToList();
        foreach (var order in orders)
        {
            await _payments.Handle(servers.Ids.Payment(order, 1).Value, Charge(order));
            await Entries(order, "1 requested 12.50, 2 charged 12.50");
            (await Mismatch(order)).ShouldBeNull();
        }
        Guid Id(int index) => servers.Ids.Payment(orders[index], 1).Value;
        await _payments.Database.Scalar<int>("update payments set status = 'declined' where id = $1 returning 1", Id(0));
        await _payments.Database.Scalar<int>(
            "update payments set charged_amount = charged_amount + 0.0001 where id = $1 returning 1", Id(1));
        await _payments.Database.Scalar<int>("delete from payments where id = $1 returning 1", Id(2));
        foreach (
            var change in new[] { "update ledger set amount = 99 where payment_id = $1 and version = 2",
            "delete from ledger where payment_id = $1" })
        {
            var refused = await Should.ThrowAsync<PostgresException>(() => _payments.Database.Scalar<int>(change + " returning 1", Id(3)));
            refused.MessageText.ShouldBe("The ledger is append-only.");
        }
        await _payments.Database.Scalar<bool>(
            $"""
            begin;
            alter table ledger disable trigger ledger_append_only;
            delete from ledger where payment_id = '{Id(3)}' and version = 1;
            delete from ledger where payment_id = '{Id(4)}';
            alter table ledger enable trigger ledger_append_only;
            commit;
            select true
            """);

        (await Mismatch(orders[0])).ShouldNotBeNull().Reason.ShouldBe("state");
        var state = (await Mismatch(orders[1])).ShouldNotBeNull();
        (state.Reason, state.Stored!.Charged, state.Folded!.Charged).ShouldBe(("state", 12.5001m, 12.5m));
        (await Mismatch(orders[2])).ShouldNotBeNull().Reason.ShouldBe("no-payment");
        (await Mismatch(orders[3])).ShouldNotBeNull().Reason.ShouldBe("missing-entry");
        (await Mismatch(orders[4])).ShouldNotBeNull().Reason.ShouldBe("no-entries");

        // The operator's call goes through all of them in pages.
        var found = new List<string>();
        for (var after = ""; after is not null;)
        {
            var page = await _payments.Http.Get($"/operations/ledger/check?limit=2{after}");
            page.ShouldBe(HttpStatusCode.OK);
            page.Body.GetProperty("checked").GetInt32().ShouldBeLessThanOrEqualTo(2);
            found.AddRange(
                page.Body.GetProperty("mismatches").EnumerateArray().Select(mismatch => mismatch.GetProperty("paymentId").GetString()!));
            after = page.Body.GetProperty("next").GetString() is { } next ? $"&after={next}" : null;
        }
        found.ShouldBe(orders.Select((_, index) => new PaymentId(Id(index)).ToString()), ignoreOrder: true);
        (await _payments.Http.Get("/operations/ledger/check?limit=0")).ShouldBeProblem(HttpStatusCode.BadRequest, "validation-failed");
    }

    [Fact]
    public void Charge_that_only_the_refund_shows_is_booked_before_it()
    {
        var (order, now) = (NewOrder(), DateTimeOffset.UnixEpoch);
        var payment = Payment.Request(Charge(order), MessageOrigin.None, now);
        payment.RequestRefund(MessageOrigin.None, now.AddSeconds(1)).ShouldBeTrue();
        payment.Refunded(Price, now.AddSeconds(2)).ShouldNotBeNull();

        var entries = payment.TakeAppended();
        entries.Select(entry => (entry.Version, entry.Kind, entry.Amount)).ShouldBe(
        [
            (1, LedgerEntryKind.Requested, 12.50m), (2, LedgerEntryKind.RefundRequested, 12.50m), (3, LedgerEntryKind.ChargeFound, 12.50m),
            (4, LedgerEntryKind.Refunded, 12.50m),
        ]);
        PaymentState.Fold(entries).ShouldBe(payment.State);
        payment.ChargedAt.ShouldBeNull("no event announced the charge");
        payment.TakeAppended().ShouldBeEmpty();
    }

    [Fact]
    public void Payment_is_the_fold_of_its_entries_after_any_sequence_of_calls()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var (random, order, now) = (new Random(seed), NewOrder(), DateTimeOffset.UnixEpoch);
            var payment = random.Next(4) == 0
                ? Payment.RefundOnly(Refund(order), MessageOrigin.None, now)
                : Payment.Request(Charge(order), MessageOrigin.None, now);
            var entries = new List<LedgerEntry>(payment.TakeAppended());
            for (var call = 0; call < 12; call++)
            {
                now = now.AddSeconds(random.Next(10));
                switch (random.Next(7))
                {
                    case 0: payment.Claim(now, now.AddSeconds(10)); break;
                    case 1: payment.Charged(now); break;
                    case 2: payment.Declined("insufficient-funds", now); break;
                    case 3: payment.Unanswered(now, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(random.Next(20))); break;
                    case 4: payment.RequestRefund(MessageOrigin.None, now); break;
                    default: payment.Refunded(new Money(payment.ChargedAmount > 0 ? 12.50m : random.Next(2) * 12.50m, "EUR"), now); break;
                }
                entries.AddRange(payment.TakeAppended());
                PaymentState.Fold(entries).ShouldBe(payment.State, $"seed {seed}, call {call}");
            }
            if (payment.Status is PaymentStatus.Refunded)
                payment.ChargedAmount.ShouldBe(payment.RefundedAmount, $"seed {seed}");
        }
    }

    [Fact]
    public async Task Payments_of_before_the_ledger_get_their_entries_by_the_migration()
    {
        var database = await servers.CreateDatabase("ledger");
        var options = new DbContextOptionsBuilder<PaymentsDb>().UseNpgsql(database).UseSnakeCaseNamingConvention().Options;
        await using var db = new PaymentsDb(options);
        await db.GetService<IMigrator>().MigrateAsync("Initial", Cancellation);
        // Every state of the release before, with and without a confirmed charge.
        await database.Scalar<long>(
            """
            with stored as (
                insert into payments (
                    id, order_id, attempt, method, status, valid_until, changed_at, charged_at, failures, last_sequence, amount, currency)
                select gen_random_uuid(), gen_random_uuid(), 1, method, status, now(), now(), charged, 0, 1, 12.50, 'EUR'
                from (values
                    ('sim-ok', 'requested', null), ('sim-ok', 'charged', now()), ('sim-ok', 'declined', null),
                    ('sim-ok', 'refunding', null), ('sim-ok', 'refunding', now() - interval '1 minute'), ('sim-ok', 'givenup', null),
                    ('sim-ok', 'refunded', null), ('sim-ok', 'refunded', now() - interval '1 minute'),
                    ('', 'refunding', null), ('', 'refunded', null)) old (method, status, charged)
                returning 1)
            select count(*) from stored
            """);

        await db.Database.MigrateAsync(Cancellation);

        var page = await new LedgerComparison(db).CompareAsync(null, LedgerComparison.MaxPayments, Cancellation);
        (page.Checked, page.Next).ShouldBe((10, null));
        page.Mismatches.ShouldBeEmpty();
        (await database.Scalar<decimal>("select sum(charged_amount) from payments")).ShouldBe(37.50m);
        // A replica of the release before still writes: its insert does not name the new columns.
        await database.Scalar<int>(
            """
            insert into payments (id, order_id, attempt, method, status, valid_until, changed_at, failures, last_sequence, amount, currency)
            values (gen_random_uuid(), gen_random_uuid(), 1, 'sim-ok', 'requested', now(), now(), 0, 1, 12.50, 'EUR') returning 1
            """);
        (await new LedgerComparison(db).CompareAsync(null, LedgerComparison.MaxPayments, Cancellation)).Mismatches.ShouldHaveSingleItem(
            ).Reason.ShouldBe("no-entries");
    }
}

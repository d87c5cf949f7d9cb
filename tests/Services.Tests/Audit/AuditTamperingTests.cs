using System.Globalization;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Random tampering with every store of a shop, seeded, so that a run can be repeated.</summary>
[Collection(nameof(AuditCollection))]
public sealed class AuditTamperingTests(AuditFixture shop)
{
    private const int Seed = 17;
    private const int Tamperings = 100;
    private const int PerSweep = 10;

    /// <param name="Finding">The expected finding: store, state and ID.</param>
    /// <param name="Undo">Restores what the owners do not repair; null if they do.</param>
    private sealed record Tampering(string Finding, Func<Task>? Undo);

    [Fact(Explicit = true)]
    public async Task Hundred_random_tamperings_are_found_and_nothing_else_is_touched()
    {
        var random = new Random(Seed);
        var user = await shop.RegisterAsync();
        var orders = new List<OrderId>();
        for (var i = 0; i < PerSweep + 1; i++)
            orders.Add(await shop.CompleteAsync(user, $"random-{i}"));
        AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
        var before = await shop.StateAsync();

        for (var done = 0; done < Tamperings; done += PerSweep)
        {
            var tamperings = new List<Tampering>();
            for (var i = 0; i < PerSweep; i++)
                tamperings.Add(await TamperAsync(random.Next(9), user, orders[i], orders[^1], 100 + done + i));

            var report = await shop.AuditAsync(repair: true);
            var found = AuditFixture.Findings(report);
            foreach (var tampering in tamperings)
                found.ShouldContain(tampering.Finding, $"seed {Seed}, tamperings {done} to {done + PerSweep}");
            var repaired = report.GetProperty("findings").EnumerateArray()
                .Count(finding => finding.GetProperty("isRepaired").GetBoolean());
            var reportedOnly = tamperings.Where(tampering => tampering.Undo is not null).Select(tampering => tampering.Finding).Distinct();
            repaired.ShouldBe(found.Count - reportedOnly.Count(), report.ToString());
            foreach (var tampering in tamperings.Where(tampering => tampering.Undo is not null))
                await tampering.Undo!();
            AuditFixture.ShouldBeConsistent(await shop.AuditAsync());
            (await shop.StateAsync()).ShouldBe(before);
        }
    }

    private async Task<Tampering> TamperAsync(int kind, UserId user, OrderId order, OrderId other, long sequence)
    {
        var (payment, saga) = (shop.Ids.Payment(order, 1), shop.Ids.Saga(order));
        switch (kind)
        {
            case 0:
                var foreignId = Guid.NewGuid();
                const string rename = "update payments set id = $2 where id = $1";
                await AuditFixture.ExecuteAsync(shop.Payments.Database, rename, payment.Value, foreignId);
                return new($"payments/payments mismatch {foreignId}", () =>
                    AuditFixture.ExecuteAsync(shop.Payments.Database, rename, foreignId, payment.Value));
            case 1:
                var reference = await shop.Orders.Database.Scalar<string>("select reference from orders where id = $1", order.Value);
                const string refer = "update orders set reference = $2 where id = $1";
                await AuditFixture.ExecuteAsync(shop.Orders.Database, refer, order.Value, "x" + reference);
                return new($"orders/orders mismatch {order}", () =>
                    AuditFixture.ExecuteAsync(shop.Orders.Database, refer, order.Value, reference));
            case 2:
                var kept = $"kept_{sequence.ToString(CultureInfo.InvariantCulture)}";
                await AuditFixture.ExecuteAsync(
                    shop.Orders.Database, $"create table {kept} as select * from sagas where order_id = '{order}'");
                await AuditFixture.ExecuteAsync(shop.Orders.Database, "delete from sagas where id = $1", saga.Value);
                return new($"orders/sagas missing {saga}", () =>
                    AuditFixture.ExecuteAsync(shop.Orders.Database, $"insert into sagas select * from {kept}"));
            case 3:
                await shop.Orders.As(user).Get($"/api/v1/orders/{order}");
                await shop.Orders.As(user).Get($"/api/v1/orders/{other}");
                await shop.CopyCacheEntryAsync(from: other, to: order);
                return new($"orders/cache mismatch {order}", null);
            case 4:
                await AuditFixture.ExecuteAsync(
                    shop.Reporting.Database,
                    "update orders set document = jsonb_set(document, '{total,amount}', '\"1.00\"') where id = $1", order.Value);
                return new($"reporting/orders mismatch {order}", null);
            case 5:
                await AuditFixture.ExecuteAsync(shop.Reporting.Database, "delete from orders where id = $1", order.Value);
                return new($"reporting/orders missing {order}", null);
            case 6:
                await AuditFixture.ExecuteAsync(
                    shop.Reporting.Database,
                    "update customers set document = jsonb_set(document, '{orderCount}', '99') where id = $1", user.Value);
                return new($"reporting/customers mismatch {user}", null);
            case 7:
                var deactivated = new UserDeactivated(user, TimeProvider.System.GetUtcNow());
                const string versionOf = "select version from customers where id = $1";
                var version = await shop.Reporting.Database.Scalar<long>(versionOf, user.Value);
                var foreign = await shop.PublishForeignAsync(user.Value, sequence, deactivated);
                // Reporting writes the customer after it records the event, and would overwrite a tampering in between.
                await Eventually.True("the foreign event is recorded and applied", async _ =>
                    await shop.Reporting.Database.Scalar<long>("select count(*) from events where id = $1", foreign.Value) == 1
                    && await shop.Reporting.Database.Scalar<long>(versionOf, user.Value) > version);
                return new($"reporting/events orphan {foreign}", null);
            default:
                var notification = shop.Ids.Notification(user, "order-placed", order.Value);
                await AuditFixture.ExecuteAsync(shop.Notifications.Database, "delete from notifications where id = $1", notification.Value);
                return new($"notifications/notifications missing {notification}", null);
        }
    }
}

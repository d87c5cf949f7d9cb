using ForgeShop.Contracts;
using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>The order's own rules, without a database.</summary>
public sealed class OrderTests
{
    private static readonly ForgeIds Ids = new();
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;
    private static readonly OrderStatus[] Statuses = Enum.GetValues<OrderStatus>();

    private static Order NewOrder(params OrderLine[] lines)
    {
        var user = Ids.User("ada@example.com");
        var id = Ids.Order(user, "cart-1");
        return Order.Place(id, user, "cart-1", new byte[32], "sim-ok", lines, DateTimeOffset.UnixEpoch);
    }

    private static OrderLine Line(decimal price, int quantity, string currency = "EUR", string sku = "A") =>
        new(new OrderLineId(Guid.NewGuid()), 0, Ids.Product(sku), sku, "Product", quantity, new Money(price, currency));

    private static void Move(Order order, OrderStatus to)
    {
        switch (to)
        {
            case OrderStatus.Reserved: order.Reserve(Now); break;
            case OrderStatus.Paid: order.Pay(Now); break;
            case OrderStatus.Confirmed: order.Confirm(Now).Total.ShouldBe(order.Total); break;
            case OrderStatus.Cancelling: order.BeginCancelling(CancelReason.CustomerRequest, Now); break;
            case OrderStatus.Cancelled: order.Cancel(Now).Reason.ShouldBe("customer-request"); break;
            default: throw new ArgumentOutOfRangeException(nameof(to));
        }
    }

    [Fact]
    public void Order_status_changes_along_the_allowed_transitions()
    {
        var allowed = from a in Statuses from b in Statuses where a.MayBecome(b) select $"{a.ToName()} → {b.ToName()}";

        allowed.ShouldBe(
        [
            "pending → reserved", "reserved → paid", "paid → confirmed",
            "pending → cancelling", "reserved → cancelling", "paid → cancelling", "confirmed → cancelling", "cancelling → cancelled",
        ], ignoreOrder: true);
    }

    [Fact]
    public void Order_throws_at_every_other_transition()
    {
        var random = new Random(20251121);
        for (var run = 0; run < 2000; run++)
        {
            var order = NewOrder(Line(1m, 1));
            for (var step = 0; step < 12; step++)
            {
                var to = Statuses[random.Next(1, Statuses.Length)];
                var (from, version) = (order.Status, order.Version);
                if (from.MayBecome(to))
                {
                    Move(order, to);
                    (order.Status, order.Version).ShouldBe((to, version + 1));
                }
                else
                {
                    Should.Throw<InvalidOperationException>(() => Move(order, to));
                    (order.Status, order.Version).ShouldBe((from, version));
                }
            }

            order.Changes.Select(change => change.Version)
                .ShouldBe(Enumerable.Range(1, (int)order.Version).Select(version => (long)version));
            order.Changes[^1].Status.ShouldBe(order.Status);
            (order.Reason is not null).ShouldBe(order.Status is OrderStatus.Cancelling or OrderStatus.Cancelled);
        }
    }

    [Theory]
    [InlineData(CancelReason.OutOfStock, "pending")]
    [InlineData(CancelReason.PaymentDeclined, "reserved")]
    [InlineData(CancelReason.TimedOut, "pending", "reserved")]
    [InlineData(CancelReason.CustomerRequest, "pending", "reserved", "paid", "confirmed")]
    public void Cancel_reason_is_accepted_only_in_its_states(CancelReason reason, params string[] from)
    {
        Statuses.Where(status => reason.MayCancel(status)).Select(status => status.ToName()).ShouldBe(from);
        EnumNames.Parse<CancelReason>(reason.ToName()).ShouldBe(reason);

        var order = NewOrder(Line(1m, 1));
        order.Reserve(Now);
        order.Pay(Now);
        if (reason is CancelReason.CustomerRequest)
            return;
        Should.Throw<InvalidOperationException>(() => order.BeginCancelling(reason, Now));
        (order.Status, order.Reason, order.Version).ShouldBe((OrderStatus.Paid, null, 3L));
    }

    [Fact]
    public void Total_is_the_exact_sum_of_the_lines()
    {
        NewOrder(Line(0.1m, 3), Line(0.2m, 1), Line(99.99m, 1000)).Total.ShouldBe(new Money(99990.50m, "EUR"));
    }

    [Fact]
    public void Order_without_lines_or_with_two_currencies_throws()
    {
        Should.Throw<InvalidOperationException>(() => NewOrder());
        Should.Throw<InvalidOperationException>(() => NewOrder(Line(1m, 1), Line(1m, 1, "USD")));
    }

    [Fact]
    public void Status_names_are_parsed_back()
    {
        foreach (var status in Statuses)
            EnumNames.Parse<OrderStatus>(status.ToName()).ShouldBe(status);
        Should.Throw<FormatException>(() => EnumNames.Parse<OrderStatus>("Pending"));
    }
}

using ForgeShop.Inventory;
using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>What is true after each step, and at the end.</summary>
internal sealed partial class CheckoutWorld
{
    public void CheckAlways()
    {
        foreach (var (product, initial) in _initial)
        {
            var sold = _reservations.Values.Where(reservation => reservation.Status is ReservationStatus.Sold)
                .SelectMany(reservation => reservation.Lines).Where(line => line.ProductId == product).Sum(line => line.Quantity);
            var available = _onHand[product] - _reserved[product];
            available.ShouldBeGreaterThanOrEqualTo(0);
            (available + _reserved[product] + sold).ShouldBe(initial);
        }

        foreach (var order in Orders.Where(order => order.Status is OrderStatus.Cancelled))
            (_captures.GetValueOrDefault(Ids.Payment(order.Id, CheckoutSaga.Attempt)).State ?? "")
                .ShouldNotBe("captured", "the payment of a cancelled order is captured");
    }

    public void CheckAtTheEnd()
    {
        CheckAlways();
        foreach (var (order, saga) in _checkouts.Values)
        {
            (saga.Step, order.Status)
                .ShouldBeOneOf((CheckoutStep.Confirmed, OrderStatus.Confirmed), (CheckoutStep.Cancelled, OrderStatus.Cancelled));
            saga.DueAt.ShouldBeNull();
            saga.EndedAt.ShouldNotBeNull();

            var wasConfirmed = order.Changes.Any(change => change.Status is OrderStatus.Confirmed);
            string[] expected = ["orders.order-placed", .. wasConfirmed ? ["orders.order-confirmed"] : Array.Empty<string>(),
                .. order.Status is OrderStatus.Cancelled ? ["orders.order-cancelled"] : Array.Empty<string>()];
            _emitted[order.Id].Prepend("orders.order-placed").ShouldBe(expected);

            var holds = _reservations.TryGetValue(Ids.Reservation(order.Id), out var reservation)
                && reservation.Status is ReservationStatus.Reserved or ReservationStatus.Sold;
            holds.ShouldBe(order.Status is OrderStatus.Confirmed, "exactly the confirmed orders hold stock");
        }

        _captures.Values.Where(entry => entry.State == "captured").Sum(entry => entry.Amount)
            .ShouldBe(Orders.Where(order => order.Status is OrderStatus.Confirmed).Sum(order => order.Total.Amount),
                "the captured amount equals the total of the confirmed orders");
    }
}

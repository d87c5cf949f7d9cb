using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Orders;

namespace ForgeShop.Services.Tests;

/// <summary>Inventory: the logic of its handlers, on a dictionary instead of a table.</summary>
internal sealed partial class CheckoutWorld
{
    private void Reserve(ReserveStock command)
    {
        if (_reservations.ContainsKey(command.ReservationId))
            return;
        var lines = command.Lines.Select(line => new ReservationLine(line.ProductId, line.Quantity)).ToList();
        var enough = lines.TrueForAll(line => _onHand[line.ProductId] - _reserved[line.ProductId] >= line.Quantity);
        if (enough)
            lines.ForEach(line => _reserved[line.ProductId] += line.Quantity);
        _reservations[command.ReservationId] = new(
            command.ReservationId, command.OrderId, enough ? ReservationStatus.Reserved : ReservationStatus.Failed, lines, _now);
        Answer(command.OrderId, enough ? CheckoutTrigger.StockReserved : CheckoutTrigger.ReservationFailed);
    }

    private void Release(ReleaseStock command)
    {
        if (!_reservations.TryGetValue(command.ReservationId, out var reservation))
        {
            _reservations[command.ReservationId] = new(command.ReservationId, command.OrderId, ReservationStatus.Released, [], _now);
        }
        else
        {
            var before = reservation.Release(_now);
            foreach (var line in reservation.Lines)
            {
                if (before is ReservationStatus.Reserved)
                    _reserved[line.ProductId] -= line.Quantity;
                else if (before is ReservationStatus.Sold)
                    _onHand[line.ProductId] += line.Quantity;
            }
        }

        Answer(command.OrderId, CheckoutTrigger.StockReleased);
    }

    private void Sell(OrderConfirmed confirmed)
    {
        if (!_reservations.TryGetValue(Ids.Reservation(confirmed.OrderId), out var reservation) || !reservation.Sell(_now))
            return;
        foreach (var line in reservation.Lines)
            (_onHand[line.ProductId], _reserved[line.ProductId]) = (
                _onHand[line.ProductId] - line.Quantity, _reserved[line.ProductId] - line.Quantity);
    }
}

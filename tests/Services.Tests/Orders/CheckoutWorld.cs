using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.Payments;

namespace ForgeShop.Services.Tests;

/// <summary>
/// The checkouts of a few concurrent orders, with a simulated clock. Each step is random: a message arrives (in any order, twice, or never,
/// and there is no inbox); the payment provider is called, answers, answers late, or its answer is lost in a crash; the customer cancels;
/// time passes. The code of Orders, Inventory and Payments is the product's; the stock table, the provider and the network are simulated.
/// </summary>
internal sealed partial class CheckoutWorld : ICheckoutMessages
{
    private static readonly ForgeIds Ids = new();
    private static readonly CheckoutOptions Options = new();
    private static readonly TimeSpan Claim = TimeSpan.FromSeconds(36), GiveUpAfter = TimeSpan.FromSeconds(20);
    private static readonly string[] Methods = ["ok", "ok", "ok", "declined", "timeout"];

    private readonly Random _random;
    private readonly List<Action> _messages = [];
    private readonly List<Action> _calls = [];
    private readonly List<Order> _toCancel = [];
    private readonly Dictionary<OrderId, (Order Order, CheckoutSaga Saga)> _checkouts = [];
    private readonly Dictionary<ReservationId, Reservation> _reservations = [];
    private readonly Dictionary<PaymentId, Payment> _payments = [];
    private readonly Dictionary<ProductId, int> _initial = [], _onHand = [], _reserved = [];
    private readonly Dictionary<PaymentId, (string State, decimal Amount)> _captures = [];
    private readonly Dictionary<OrderId, List<string>> _emitted = [];
    private readonly double _loss;
    private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

    public CheckoutWorld(int seed)
    {
        _random = new Random(seed);
        _loss = _random.Next(3) == 0 ? 0 : 0.1;
        var products = Enumerable.Range(0, 2).Select(number => Ids.Product($"P{number}")).ToList();
        foreach (var product in products)
            _initial[product] = _onHand[product] = _random.Next(2, 12);
        foreach (var product in products)
            _reserved[product] = 0;
        for (var number = _random.Next(1, 6); number > 0; number--)
            Place($"order-{number}", products);
    }

    public IEnumerable<Order> Orders => _checkouts.Values.Select(checkout => checkout.Order);

    public int Duplicates { get; private set; }

    public int Losses { get; private set; }

    public int Crashes { get; private set; }

    private CheckoutScope Scope => new(this, Ids, Options, _now);

    /// <summary>Makes one random step.</summary>
    /// <returns>False if no step is possible.</returns>
    public bool Step()
    {
        // Sometimes time passes, longer than a worker's lease.
        _now += _random.Next(40) == 0 ? TimeSpan.FromSeconds(_random.Next(60)) : TimeSpan.FromMilliseconds(_random.Next(50));
        if (_toCancel.Count > 0 && _random.Next(12) == 0)
            CustomerCancels(Take(_toCancel));
        else if (_messages.Count > 0 && _random.Next(3) > 0)
            Deliver();
        else if (_calls.Count > 0 && _random.Next(2) == 0)
            Take(_calls)();
        else if (!(AskProvider() || TimerFires()))
            return Idle();
        return true;
    }

    /// <summary>If no step is possible: a message arrives, or time passes until work is due.</summary>
    private bool Idle()
    {
        if (_messages.Count > 0)
            Deliver();
        else if (_calls.Count > 0)
            Take(_calls)();
        else if (Due().ToList() is { Count: > 0 } due)
            _now = due.Min() > _now ? due.Min() : _now;
        else if (_toCancel.Count > 0)
            CustomerCancels(Take(_toCancel));
        else
            return false;
        return true;
    }

    private IEnumerable<DateTimeOffset> Due() =>
    [
        .. _checkouts.Values.Select(checkout => checkout.Saga.DueAt).OfType<DateTimeOffset>(),
        .. _payments.Values.Where(payment => payment.NextCallAt is not null)
            .Select(payment => payment.ClaimedUntil is { } until && until >= payment.NextCallAt ? until.AddTicks(1)
                : payment.NextCallAt!.Value),
    ];

    private void Place(string reference, List<ProductId> products)
    {
        var user = Ids.User("ada@example.com");
        var id = Ids.Order(user, reference);
        var wanted = products.Where(_ => _random.Next(2) == 0).ToList();
        if (wanted.Count == 0)
            wanted.Add(products[0]);
        var lines = wanted.Select((product, position) =>
            new OrderLine(
            Ids.OrderLine(id, product), position, product, "P", "Product", _random.Next(1, 5), new Money(_random.Next(1, 100), "EUR")));
        var order = Order.Place(id, user, reference, new byte[32], Methods[_random.Next(Methods.Length)], lines.ToList(), _now);
        _emitted[id] = [];
        _checkouts[id] = (order, CheckoutSaga.Start(order, MessageOrigin.None, Scope));
        if (_random.Next(3) == 0)
            _toCancel.Add(order);
    }

    private void CustomerCancels(Order order)
    {
        var saga = _checkouts[order.Id].Saga;
        var expected = order.Status.MayBecome(OrderStatus.Cancelling);
        saga.Handle(CheckoutTrigger.CancelledByCustomer, order, Scope).ShouldBe(expected);
    }

    private bool TimerFires()
    {
        foreach (var (order, saga) in _checkouts.Values)
        {
            if (saga.DueAt > _now || saga.DueAt is null)
                continue;
            saga.OnTimer(order, Scope);
            return true;
        }

        return false;
    }

    void ICheckoutMessages.Emit<TEvent>(Order order, TEvent data)
    {
        order.LastSequence++;
        _emitted[order.Id].Add(TEvent.Type);
        if (data is OrderConfirmed confirmed)
            Send(() => Sell(confirmed));
    }

    void ICheckoutMessages.Send<TCommand>(Guid recipient, long sequence, TCommand command) => Send(() =>
    {
        switch (command)
        {
            case ReserveStock reserve: Reserve(reserve); break;
            case ReleaseStock release: Release(release); break;
            case ChargePayment charge: Charge(charge); break;
            case RefundPayment refund: Refund(refund); break;
            default: throw new ArgumentOutOfRangeException(nameof(command));
        }
    });

    private void Answer(OrderId order, CheckoutTrigger answer) =>
        Send(() => _checkouts[order].Saga.Handle(answer, _checkouts[order].Order, Scope));

    private void Send(Action arrive)
    {
        if (_random.NextDouble() < _loss)
        {
            Losses++;
            return;
        }

        _messages.Add(arrive);
    }

    private void Deliver()
    {
        var index = _random.Next(_messages.Count);
        var message = _messages[index];
        if (_random.Next(4) > 0)
            _messages.RemoveAt(index);
        else
            Duplicates++; // The message stays, so it arrives again.
        message();
    }

    private T Take<T>(List<T> list)
    {
        var index = _random.Next(list.Count);
        var taken = list[index];
        list.RemoveAt(index);
        return taken;
    }
}

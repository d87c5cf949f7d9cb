using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Inventory;
using ForgeShop.Messaging;
using ForgeShop.Orders;
using ForgeShop.Payments;

namespace ForgeShop.Services.Tests;

/// <summary>
/// A few orders on their way at once, and a clock. Which of all possible things happens next is drawn by lot: a message arrives (in any
/// order, possibly twice, possibly never, and no inbox helps); the payment provider is asked, answers, answers much later, or its answer is
/// lost in a crash; the customer cancels; time passes. What is behind Orders, Inventory and Payments is their own code; only the stock's
/// table, the provider and the network are played here.
/// </summary>
internal sealed class CheckoutWorld : ICheckoutMessages
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
    private readonly Dictionary<PaymentId, (string State, decimal Amount)> _books = [];
    private readonly Dictionary<OrderId, List<string>> _told = [];
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

    // Orders

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
        _told[id] = [];
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
        _told[order.Id].Add(TEvent.Type);
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

    // Inventory: its handlers' logic, on a dictionary.

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

    // Payments

    private void Charge(ChargePayment command)
    {
        if (!_payments.ContainsKey(command.PaymentId))
            _payments[command.PaymentId] = Payment.Request(command, MessageOrigin.None, _now);
    }

    private void Refund(RefundPayment command)
    {
        if (!_payments.TryGetValue(command.PaymentId, out var payment))
            _payments[command.PaymentId] = Payment.RefundOnly(command, MessageOrigin.None, _now);
        else if (!payment.RequestRefund(MessageOrigin.None, _now))
            Answer(command.OrderId, CheckoutTrigger.PaymentRefunded);
    }

    /// <summary>A worker claims a payment. It may be killed before its call or before it records the answer.</summary>
    private bool AskProvider()
    {
        var payment = _payments.Values.FirstOrDefault(
            payment => payment.NextCallAt <= _now && (payment.ClaimedUntil is null || payment.ClaimedUntil < _now));
        if (payment is null)
            return false;
        payment.Claim(_now, _now + Claim);
        var refunding = payment.IsToBeRefunded;
        if (Dies())
            return true;
        _calls.Add(() =>
        {
            var record = refunding ? ProviderRefunds(payment) : ProviderCharges(payment);
            if (!Dies())
                _calls.Add(record);
        });
        return true;
    }

    private Action ProviderCharges(Payment payment)
    {
        if (payment.Method == "timeout" || _random.Next(20) == 0)
            return () => payment.Unanswered(_now, PollingPause(), GiveUpAfter);
        _books.TryAdd(payment.Id, payment.Method == "ok" ? ("captured", payment.Amount.Amount) : ("declined", 0));
        if (_books[payment.Id].State == "captured")
            return () => Tell(payment, payment.Charged(_now), CheckoutTrigger.PaymentCharged);
        return () => Tell(payment, payment.Declined("no", _now), CheckoutTrigger.PaymentDeclined);
    }

    private Action ProviderRefunds(Payment payment)
    {
        if (_random.Next(10) == 0)
            return () => payment.Unanswered(_now, PollingPause(), GiveUpAfter);
        var taken = _books.GetValueOrDefault(payment.Id);
        var state = taken.State switch { null => "voided", "captured" => "refunded", var other => other };
        _books[payment.Id] = (state, taken.Amount);
        var givenBack = new Money(state == "refunded" ? taken.Amount : 0, "EUR");
        return () => Tell(payment, payment.Refunded(givenBack, _now), CheckoutTrigger.PaymentRefunded);
    }

    private void Tell(Payment payment, object? @event, CheckoutTrigger answer)
    {
        if (@event is not null)
            Answer(payment.OrderId, answer);
    }

    private TimeSpan PollingPause() => TimeSpan.FromMilliseconds(_random.Next(100, 5000));

    private bool Dies()
    {
        if (_random.Next(12) > 0)
            return false;
        Crashes++;
        return true;
    }

    // The network

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
            Duplicates++; // And it comes again, sooner or later.
        message();
    }

    private T Take<T>(List<T> list)
    {
        var index = _random.Next(list.Count);
        var taken = list[index];
        list.RemoveAt(index);
        return taken;
    }

    // The invariants

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
            (_books.GetValueOrDefault(Ids.Payment(order.Id, CheckoutSaga.Attempt)).State ?? "")
                .ShouldNotBe("captured", "a cancelled order is paid for");
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
            string[] story = ["orders.order-placed", .. wasConfirmed ? ["orders.order-confirmed"] : Array.Empty<string>(),
                .. order.Status is OrderStatus.Cancelled ? ["orders.order-cancelled"] : Array.Empty<string>()];
            _told[order.Id].Prepend("orders.order-placed").ShouldBe(story);

            var holds = _reservations.TryGetValue(Ids.Reservation(order.Id), out var reservation)
                && reservation.Status is ReservationStatus.Reserved or ReservationStatus.Sold;
            holds.ShouldBe(order.Status is OrderStatus.Confirmed, "exactly the confirmed orders hold stock");
        }

        _books.Values.Where(entry => entry.State == "captured").Sum(entry => entry.Amount)
            .ShouldBe(Orders.Where(order => order.Status is OrderStatus.Confirmed).Sum(order => order.Total.Amount),
                "money captured is the money of confirmed orders");
    }
}

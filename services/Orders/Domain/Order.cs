namespace ForgeShop.Orders;

/// <summary>An order: its lines, its total, its status, and the only code that may change them.</summary>
public sealed class Order : IEventSource
{
    private readonly List<OrderLine> _lines = [];
    private readonly List<OrderChange> _changes = [];

    private Order()
    {
    }

    /// <summary>Derived from <see cref="UserId"/> and <see cref="Reference"/>: the same request is the same order.</summary>
    public OrderId Id { get; private set; }

    public UserId UserId { get; private set; }

    /// <summary>The client's Idempotency-Key.</summary>
    public string Reference { get; private set; } = "";

    /// <summary>The fingerprint of the request, see <see cref="RequestFingerprint"/>.</summary>
    public byte[] Fingerprint { get; private set; } = [];

    public string PaymentMethod { get; private set; } = "";

    public OrderStatus Status { get; private set; }

    /// <summary>Why the order was cancelled.</summary>
    public CancelReason? Reason { get; private set; }

    public IReadOnlyList<OrderLine> Lines => _lines;

    /// <summary>The changes of the order. For a loaded order only the changes since it was loaded.</summary>
    public IReadOnlyList<OrderChange> Changes => _changes;

    public Money Total { get; private set; }

    public DateTimeOffset PlacedAt { get; private set; }

    /// <summary>Gets the time of the confirmation; it remains when the order is cancelled.</summary>
    public DateTimeOffset? ConfirmedAt { get; private set; }

    /// <summary>The number of changes: the concurrency token, and the version in the cache.</summary>
    public long Version { get; private set; }

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    public static Order Place(
        OrderId id, UserId userId, string reference, byte[] fingerprint, string paymentMethod,
        IEnumerable<OrderLine> lines, DateTimeOffset now)
    {
        var order = new Order
        {
            Id = id,
            UserId = userId,
            Reference = reference,
            Fingerprint = fingerprint,
            PaymentMethod = paymentMethod,
            PlacedAt = now.AsStored(),
        };
        order._lines.AddRange(lines);
        order.Total = order.Sum();
        order.Change(OrderStatus.Pending, order.PlacedAt);
        return order;
    }

    /// <summary>Marks the stock as reserved.</summary>
    public void Reserve(DateTimeOffset now) => Become(OrderStatus.Reserved, now);

    /// <summary>Marks the order as paid.</summary>
    public void Pay(DateTimeOffset now) => Become(OrderStatus.Paid, now);

    public OrderConfirmed Confirm(DateTimeOffset now)
    {
        Become(OrderStatus.Confirmed, now);
        ConfirmedAt = now.AsStored();
        return new(Id, UserId, Total, ConfirmedAt.Value) { Items = Items() };
    }

    /// <summary>Begins the compensations.</summary>
    public void BeginCancelling(CancelReason reason, DateTimeOffset now)
    {
        if (!reason.MayCancel(Status))
            throw new InvalidOperationException($"An order that is {Status.ToName()} cannot be cancelled as {reason.ToName()}.");
        Reason = reason;
        Become(OrderStatus.Cancelling, now);
    }

    /// <summary>Marks all steps as compensated.</summary>
    public OrderCancelled Cancel(DateTimeOffset now)
    {
        Become(OrderStatus.Cancelled, now);
        return new(Id, UserId, Reason!.Value.ToName(), Total, now)
        { ConfirmedAt = ConfirmedAt, Items = ConfirmedAt is null ? null : Items() };
    }

    public OrderPlaced Placed() => new(Id, UserId, Reference, Status.ToName(), Items(), Total, PaymentMethod, PlacedAt);

    private List<OrderPlacedItem> Items() =>
        [.. _lines.Select(line => new OrderPlacedItem(line.Id, line.ProductId, line.Sku, line.Name, line.Quantity, line.UnitPrice))];

    private Money Sum()
    {
        if (_lines.Count == 0)
            throw new InvalidOperationException("An order has at least one line.");
        var currency = _lines[0].UnitPrice.Currency;
        if (_lines.Exists(line => line.UnitPrice.Currency != currency))
            throw new InvalidOperationException("An order has one currency.");
        return new Money(_lines.Sum(line => line.Amount), currency);
    }

    private void Become(OrderStatus next, DateTimeOffset now)
    {
        if (!Status.MayBecome(next))
            throw new InvalidOperationException($"An order that is {Status.ToName()} cannot become {next.ToName()}.");
        Change(next, now);
    }

    private void Change(OrderStatus status, DateTimeOffset now)
    {
        Status = status;
        Version++;
        _changes.Add(new OrderChange(Version, status, Reason, now));
    }
}

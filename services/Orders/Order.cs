using ForgeShop.Contracts;
using ForgeShop.Messaging;

namespace ForgeShop.Orders;

/// <summary>An order: its lines, its total, its status, and the only code that may change them.</summary>
public sealed class Order : IEventSource
{
    private readonly List<OrderLine> _lines = [];

    private Order()
    {
    }

    /// <summary>Derived from <see cref="UserId"/> and <see cref="Reference"/>: the same request is the same order.</summary>
    public OrderId Id { get; private set; }

    public UserId UserId { get; private set; }

    /// <summary>The client's Idempotency-Key.</summary>
    public string Reference { get; private set; } = "";

    /// <summary>What was asked for under this key, see <see cref="RequestFingerprint"/>.</summary>
    public byte[] Fingerprint { get; private set; } = [];

    public string PaymentMethod { get; private set; } = "";

    public OrderStatus Status { get; private set; }

    /// <summary>Why the order was cancelled.</summary>
    public string? Reason { get; private set; }

    public IReadOnlyList<OrderLine> Lines => _lines;

    public Money Total { get; private set; }

    public DateTimeOffset PlacedAt { get; private set; }

    /// <summary>Counts the changes of this order: concurrency token, and what the cache compares.</summary>
    public long Version { get; private set; }

    public long LastSequence { get; set; }

    Guid IEventSource.AggregateId => Id.Value;

    public static Order Place(
        OrderId id, UserId userId, string reference, byte[] fingerprint, string paymentMethod, IEnumerable<OrderLine> lines, DateTimeOffset now)
    {
        var order = new Order
        {
            Id = id,
            UserId = userId,
            Reference = reference,
            Fingerprint = fingerprint,
            PaymentMethod = paymentMethod,
            Status = OrderStatus.Pending,
            // The database keeps microseconds; what is answered now must be what it answers later.
            PlacedAt = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond)),
            Version = 1,
        };
        order._lines.AddRange(lines);
        order.Total = order.Sum();
        return order;
    }

    public void Reserve() => Become(OrderStatus.Reserved);

    public void Pay() => Become(OrderStatus.Paid);

    public void Confirm() => Become(OrderStatus.Confirmed);

    public void BeginCancelling(string reason)
    {
        Become(OrderStatus.Cancelling);
        Reason = reason;
    }

    public void Cancel() => Become(OrderStatus.Cancelled);

    private Money Sum()
    {
        if (_lines.Count == 0)
            throw new InvalidOperationException("An order has at least one line.");
        var currency = _lines[0].UnitPrice.Currency;
        if (_lines.Exists(line => line.UnitPrice.Currency != currency))
            throw new InvalidOperationException("An order has one currency.");
        return new Money(_lines.Sum(line => line.Amount), currency);
    }

    private void Become(OrderStatus next)
    {
        if (!Status.MayBecome(next))
            throw new InvalidOperationException($"An order that is {Status.ToName()} cannot become {next.ToName()}.");
        Status = next;
        Version++;
    }
}

namespace ForgeShop.Reporting;

/// <summary>The read model of one customer: the account and the sums of its orders. Events of either may arrive first.</summary>
public sealed record CustomerReport(UserId Id) : ReadModel
{
    public string? Email { get; init; }
    public string? Name { get; init; }

    /// <summary>The sequence number of the user's event that the name comes from.</summary>
    public long NameSequence { get; init; }

    public DateTimeOffset? DeactivatedAt { get; init; }

    /// <summary>The number of placed orders, cancelled ones included.</summary>
    public long OrderCount { get; init; }

    /// <summary>The totals of the orders that are confirmed and not cancelled, one sum for each currency.</summary>
    public IReadOnlyList<Sum> Spent { get; init; } = [];

    public DateTimeOffset? LastOrderAt { get; init; }

    /// <summary>The currency of the last order.</summary>
    public string? LastCurrency { get; init; }

    public static Projection<CustomerReport> Projection { get; } = new(
        new("customers", ReportingJson.Default.CustomerReport),
        recorded => UserOf(recorded) is { } user ? [user.Value] : [],
        (id, customer, recorded) => (customer ?? new(new UserId(id))).With(recorded));

    private static UserId? UserOf(RecordedEvent recorded) => recorded.Payload switch
    {
        UserRegistered registered => registered.UserId,
        UserProfileChanged changed => changed.UserId,
        UserDeactivated deactivated => deactivated.UserId,
        OrderPlaced placed => placed.UserId,
        _ => Sale.Of(recorded)?.UserId,
    };

    private CustomerReport With(RecordedEvent recorded) => recorded.Payload switch
    {
        UserRegistered registered => Named(registered.Name, recorded.Sequence) with { Email = registered.Email },
        UserProfileChanged changed => Named(changed.Name, recorded.Sequence),
        UserDeactivated deactivated => this with { DeactivatedAt = deactivated.DeactivatedAt },
        OrderPlaced placed => With(placed),
        _ when Sale.Of(recorded) is { } sale => this with { Spent = Spent.Add(sale.Sign * sale.Total.Amount, sale.Total.Currency) },
        _ => this,
    };

    private CustomerReport Named(string name, long sequence) =>
        sequence > NameSequence ? this with { Name = name, NameSequence = sequence } : this;

    private CustomerReport With(OrderPlaced placed)
    {
        // For two orders at the same time the currency decides, so the result does not depend on their arrival.
        var isLast = (placed.PlacedAt, placed.Total.Currency).CompareTo((LastOrderAt ?? default, LastCurrency ?? "")) > 0;
        return this with
        {
            OrderCount = OrderCount + 1,
            LastOrderAt = isLast ? placed.PlacedAt : LastOrderAt,
            LastCurrency = isLast ? placed.Total.Currency : LastCurrency,
        };
    }
}

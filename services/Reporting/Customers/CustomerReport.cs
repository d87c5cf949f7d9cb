using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;
using ForgeShop.Reporting.Orders;

namespace ForgeShop.Reporting.Customers;

/// <summary>The read model of one customer: who they are, and the sums of their orders. Either may be heard of first.</summary>
public sealed record CustomerReport(UserId Id)
{
    public string? Email { get; init; }
    public string? Name { get; init; }

    /// <summary>The sequence of the user's event that the name is from.</summary>
    public long NameSequence { get; init; }

    public int OrderCount { get; init; }

    /// <summary>What they spent, a sum a currency.</summary>
    public IReadOnlyList<Money> Spent { get; init; } = [];

    public DateTimeOffset? LastOrderAt { get; init; }

    /// <summary>The currency of the last order.</summary>
    public string? LastCurrency { get; init; }

    /// <summary>What is in the sums already but not yet marked as counted in the order's own document. See <see cref="CustomerSums"/>.</summary>
    public IReadOnlyDictionary<Guid, Contribution> BeingCounted { get; init; } = new Dictionary<Guid, Contribution>();

    public static DocumentModel<CustomerReport> Model { get; } = new("customers", ReportingJson.Default.CustomerReport);

    /// <summary>Null if it is in here already.</summary>
    public CustomerReport? With(UserRegistered registered, long sequence) =>
        Email is not null ? null : Named(registered.Name, sequence) with { Email = registered.Email };

    /// <summary>Null if this or something later is in here already.</summary>
    public CustomerReport? With(UserProfileChanged changed, long sequence) => sequence <= NameSequence ? null : Named(changed.Name, sequence);

    private CustomerReport Named(string name, long sequence) => sequence <= NameSequence ? this : this with { Name = name, NameSequence = sequence };

    /// <summary>With the sums as <paramref name="order"/> now has it; null if they are so already.</summary>
    public CustomerReport? Counting(OrderReport order)
    {
        var before = BeingCounted.GetValueOrDefault(order.Id.Value) ?? order.Counted;
        if (order.Due is not { } due || before?.Sequence >= due.Sequence)
            return null;
        var spent = Spent.ToDictionary(sum => sum.Currency, sum => sum.Amount);
        if (before is not null)
            spent[before.Amount.Currency] -= before.Amount.Amount;
        spent[due.Amount.Currency] = spent.GetValueOrDefault(due.Amount.Currency) + due.Amount.Amount;
        var isLast = LastOrderAt is null || due.PlacedAt >= LastOrderAt;
        return this with
        {
            OrderCount = OrderCount + (before is null ? 1 : 0),
            Spent = [.. spent.Select(sum => new Money(sum.Value, sum.Key))],
            LastOrderAt = isLast ? due.PlacedAt : LastOrderAt,
            LastCurrency = isLast ? due.Amount.Currency : LastCurrency,
            BeingCounted = new Dictionary<Guid, Contribution>(BeingCounted) { [order.Id.Value] = due },
        };
    }

    /// <summary>Without the note that an order is being counted; null if there is none, or a newer one.</summary>
    public CustomerReport? Counted(OrderId order, long sequence)
    {
        if (BeingCounted.GetValueOrDefault(order.Value) is not { } noted || noted.Sequence > sequence)
            return null;
        return this with { BeingCounted = BeingCounted.Where(other => other.Key != order.Value).ToDictionary() };
    }
}

namespace ForgeShop.Payments;

/// <summary>
/// The state of a payment: the fold of its ledger entries. The row of the payment is the snapshot of it after the entry
/// <paramref name="Version"/>, so that no request has to fold.
/// </summary>
/// <param name="Version">The number of entries that the state includes.</param>
/// <param name="Status">The status.</param>
/// <param name="Amount">The amount of the payment.</param>
/// <param name="Charged">The money that the provider has taken.</param>
/// <param name="Refunded">The money that it has given back.</param>
/// <param name="ChargedAt">The time when the charge was confirmed; null if it never was.</param>
/// <param name="ChangedAt">The time of the latest change of the status.</param>
public sealed record PaymentState(
    long Version, PaymentStatus Status, decimal Amount, decimal Charged, decimal Refunded, DateTimeOffset? ChargedAt,
    DateTimeOffset ChangedAt)
{
    /// <summary>Gets the state before the first entry.</summary>
    public static PaymentState Empty { get; } = new(0, PaymentStatus.Requested, 0, 0, 0, null, default);

    /// <summary>Returns the state after all entries of a payment, in the order of their versions.</summary>
    /// <exception cref="InvalidOperationException">An entry is missing.</exception>
    public static PaymentState Fold(IEnumerable<LedgerEntry> entries) => entries.Aggregate(Empty, (state, entry) => state.Apply(entry));

    /// <summary>Returns whether the entries of a payment, in the order of their versions, begin at 1 and have no gap.</summary>
    public static bool IsComplete(IEnumerable<LedgerEntry> entries) =>
        entries.Select((entry, index) => entry.Version - index).All(first => first == 1);

    /// <summary>Returns the state after one more entry. It has no other effects: every change of a payment's state is an entry.</summary>
    /// <exception cref="InvalidOperationException">An entry is missing before this one.</exception>
    public PaymentState Apply(LedgerEntry entry)
    {
        if (entry.Version != Version + 1)
            throw new InvalidOperationException($"Entry {entry.Version} follows entry {Version} of payment {entry.PaymentId}.");
        var next = this with { Version = entry.Version };
        return entry.Kind switch
        {
            LedgerEntryKind.Requested => next.Become(PaymentStatus.Requested, entry) with { Amount = entry.Amount },
            // A charge is also confirmed while its refund is pending.
            LedgerEntryKind.Charged => (Status is PaymentStatus.Requested ? next.Become(PaymentStatus.Charged, entry) : next) with
            {
                Charged = Charged + entry.Amount, ChargedAt = entry.At,
            },
            LedgerEntryKind.Declined => next.Become(PaymentStatus.Declined, entry),
            LedgerEntryKind.GivenUp => next.Become(PaymentStatus.GivenUp, entry),
            LedgerEntryKind.RefundRequested => next.Become(PaymentStatus.Refunding, entry) with
            {
                Amount = Version == 0 ? entry.Amount : Amount,
            },
            LedgerEntryKind.ChargeFound => next with { Charged = Charged + entry.Amount },
            LedgerEntryKind.Refunded => next.Become(PaymentStatus.Refunded, entry) with { Refunded = Refunded + entry.Amount },
            _ => throw new InvalidOperationException($"{entry.Kind} is no kind of ledger entry."),
        };
    }

    private PaymentState Become(PaymentStatus status, LedgerEntry entry) => this with { Status = status, ChangedAt = entry.At };
}

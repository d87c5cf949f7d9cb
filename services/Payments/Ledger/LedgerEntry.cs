namespace ForgeShop.Payments;

/// <summary>The facts of a payment. The database stores the names in lower case.</summary>
public enum LedgerEntryKind
{
    /// <summary>A charge of the amount was requested.</summary>
    Requested,

    /// <summary>The provider has taken the amount.</summary>
    Charged,

    /// <summary>The provider declined the charge.</summary>
    Declined,

    /// <summary>The provider did not answer the charge in time.</summary>
    GivenUp,

    /// <summary>A refund was requested; the first entry of a payment whose refund arrives before its charge.</summary>
    RefundRequested,

    /// <summary>The refund shows that the provider had taken the amount, although its answer to the charge never arrived.</summary>
    ChargeFound,

    /// <summary>The provider has given back the amount; 0 if it had taken nothing.</summary>
    Refunded,
}

/// <summary>One fact of a payment, under the payment's ID and the number of the entry. Entries are appended and never changed.</summary>
/// <param name="paymentId">The payment.</param>
/// <param name="version">The number of the entry among those of the payment, from 1 without gaps.</param>
/// <param name="kind">What happened.</param>
/// <param name="amount">The amount of the payment, or the money that moved; 0 if the entry moves none.</param>
/// <param name="at">The time of the entry.</param>
public sealed class LedgerEntry(PaymentId paymentId, long version, LedgerEntryKind kind, decimal amount, DateTimeOffset at)
{
    public PaymentId PaymentId { get; private set; } = paymentId;

    public long Version { get; private set; } = version;

    public LedgerEntryKind Kind { get; private set; } = kind;

    public decimal Amount { get; private set; } = amount;

    public DateTimeOffset At { get; private set; } = at;
}

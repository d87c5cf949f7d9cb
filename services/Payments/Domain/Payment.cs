namespace ForgeShop.Payments;

public enum PaymentStatus
{
    /// <summary>The worker asks the provider for the money.</summary>
    Requested,

    /// <summary>The provider has taken the money.</summary>
    Charged,

    /// <summary>The provider declined the charge.</summary>
    Declined,

    /// <summary>The worker asks the provider to refund the charge and to refuse later charges.</summary>
    Refunding,

    /// <summary>
    /// The provider did not answer a charge in time. The worker asks for a refund as in <see cref="Refunding"/>, and the order receives the
    /// refund only: a charge that the provider reports now would confirm the order.
    /// </summary>
    GivenUp,

    /// <summary>Ended: nothing is charged, now or later.</summary>
    Refunded,
}

/// <summary>
/// One attempt to charge an order: the request, the provider's answer, and the time of the next call. A refund can be requested at any time
/// and takes precedence: a later answer to the charge does not change it. The state is event-sourced: it changes by appending to the ledger
/// only. The calls of the provider (lease, failures, next call) are not part of it.
/// </summary>
public sealed class Payment : IEventSource
{
    private readonly List<LedgerEntry> _appended = [];

    private Payment()
    {
    }

    private Payment(PaymentId id, OrderId orderId, int attempt, Money amount, MessageOrigin origin, DateTimeOffset now) =>
        (Id, OrderId, Attempt, Amount, Origin, NextCallAt) = (id, orderId, attempt, amount, origin, now);

    /// <summary>Derived from the order and the attempt; the idempotency key of the provider.</summary>
    public PaymentId Id { get; private set; }

    public OrderId OrderId { get; private set; }

    /// <summary>From 1.</summary>
    public int Attempt { get; private set; }

    public Money Amount { get; private set; }

    public string Method { get; private set; } = "";

    public PaymentStatus Status { get; private set; }

    /// <summary>The time after which no attempt to charge begins.</summary>
    public DateTimeOffset ValidUntil { get; private set; }

    /// <summary>The time of the latest change of the status.</summary>
    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>The money that the provider has taken.</summary>
    public decimal ChargedAmount { get; private set; }

    /// <summary>The money that the provider has given back.</summary>
    public decimal RefundedAmount { get; private set; }

    /// <summary>The number of ledger entries that the state includes.</summary>
    public long LedgerVersion { get; private set; }

    /// <summary>The time of the payment-charged event; null if the charge was given up before.</summary>
    public DateTimeOffset? ChargedAt { get; private set; }

    /// <summary>The time of the next call of the provider; null if no call is needed.</summary>
    public DateTimeOffset? NextCallAt { get; private set; }

    /// <summary>The time of the first call.</summary>
    public DateTimeOffset? FirstCallAt { get; private set; }

    /// <summary>The end of the lease of the worker that calls the provider. Afterwards another worker may call.</summary>
    public DateTimeOffset? ClaimedUntil { get; private set; }

    /// <summary>The number of calls in a row that the provider did not answer.</summary>
    public int Failures { get; private set; }

    /// <summary>The origin of the command that is being carried out.</summary>
    public MessageOrigin Origin { get; private set; } = MessageOrigin.None;

    public long LastSequence { get; set; }

    /// <summary>Gets whether the worker has to ask for a refund.</summary>
    public bool IsToBeRefunded => Status is PaymentStatus.Refunding or PaymentStatus.GivenUp;

    Guid IEventSource.AggregateId => Id.Value;

    /// <summary>Gets the part of the payment that its ledger entries fold to.</summary>
    public PaymentState State
    {
        get => new(LedgerVersion, Status, Amount.Amount, ChargedAmount, RefundedAmount, ChargedAt, ChangedAt);
        private set => (LedgerVersion, Status, ChargedAmount, RefundedAmount, ChargedAt, ChangedAt) =
            (value.Version, value.Status, value.Charged, value.Refunded, value.ChargedAt, value.ChangedAt);
    }

    /// <summary>Returns the entries since the last call, for the transaction that stores the payment.</summary>
    public IReadOnlyList<LedgerEntry> TakeAppended()
    {
        LedgerEntry[] appended = [.. _appended];
        _appended.Clear();
        return appended;
    }

    public static Payment Request(ChargePayment command, MessageOrigin origin, DateTimeOffset now)
    {
        var payment = new Payment(command.PaymentId, command.OrderId, command.Attempt, command.Amount, origin, now)
        {
            Method = command.Method,
            ValidUntil = command.ValidUntil,
        };
        payment.Append(LedgerEntryKind.Requested, command.Amount.Amount, now);
        return payment;
    }

    /// <summary>
    /// Creates a payment for a refund that arrives before its charge. The worker still calls the provider, because only the provider has
    /// the authoritative record.
    /// </summary>
    public static Payment RefundOnly(RefundPayment command, MessageOrigin origin, DateTimeOffset now)
    {
        var payment = new Payment(command.PaymentId, command.OrderId, command.Attempt, command.Amount, origin, now) { ValidUntil = now };
        payment.Append(LedgerEntryKind.RefundRequested, command.Amount.Amount, now);
        return payment;
    }

    /// <returns>False if the refund is done already.</returns>
    public bool RequestRefund(MessageOrigin origin, DateTimeOffset now)
    {
        if (Status is PaymentStatus.Refunded)
            return false;
        if (Status is not PaymentStatus.Refunding)
        {
            Append(LedgerEntryKind.RefundRequested, Amount.Amount, now);
            (Failures, Origin) = (0, origin);
        }

        // A worker that is calling the provider finishes first and then finds this refund.
        NextCallAt = now;
        return true;
    }

    /// <summary>Takes the lease for one call. A charge after the order's time-out becomes a refund.</summary>
    public void Claim(DateTimeOffset now, DateTimeOffset until)
    {
        if (Status is PaymentStatus.Requested && now >= ValidUntil)
            GiveUp(now);
        FirstCallAt ??= now;
        ClaimedUntil = until;
    }

    /// <summary>Records that the provider charged the amount, also while a refund is pending.</summary>
    /// <returns>The event; null if it was already emitted (an expired lease lets two workers call), or if the charge was given
    /// up.</returns>
    public PaymentCharged? Charged(DateTimeOffset now)
    {
        var isNew = ChargedAt is null && Status is (PaymentStatus.Requested or PaymentStatus.Refunding);
        if (isNew)
            Append(LedgerEntryKind.Charged, Amount.Amount, now);
        if (Status is PaymentStatus.Charged)
            EndCalls();
        else
            CallForRefund(now);
        return isNew ? new(Id, OrderId, Amount, now) : null;
    }

    /// <summary>Records that the provider declined.</summary>
    /// <returns>The event; null if it was already emitted, or if a refund is pending, whose answer covers this case.</returns>
    public PaymentDeclined? Declined(string reason, DateTimeOffset now)
    {
        if (Status is not PaymentStatus.Requested)
        {
            CallForRefund(now);
            return null;
        }

        Append(LedgerEntryKind.Declined, 0, now);
        EndCalls();
        return new(Id, OrderId, reason);
    }

    /// <summary>Records that the provider refunded the amount, or never charged it.</summary>
    /// <returns>The event; null if it was already emitted.</returns>
    public PaymentRefunded? Refunded(Money givenBack, DateTimeOffset now)
    {
        if (!IsToBeRefunded)
            return null;
        // The provider has the authoritative record: it gives back what it took, also if its answer to the charge was lost.
        if (givenBack.Amount > ChargedAmount)
            Append(LedgerEntryKind.ChargeFound, givenBack.Amount - ChargedAmount, now);
        Append(LedgerEntryKind.Refunded, givenBack.Amount, now);
        EndCalls();
        return new(Id, OrderId, givenBack);
    }

    /// <summary>Records that the provider did not answer. The next call with the same ID returns the outcome.</summary>
    /// <param name="now">The time.</param>
    /// <param name="pause">The delay before the next call.</param>
    /// <param name="giveUpAfter">The time after the first call after which a charge is given up. A refund is never given up.</param>
    public void Unanswered(DateTimeOffset now, TimeSpan pause, TimeSpan giveUpAfter)
    {
        Failures++;
        ClaimedUntil = null;
        if (Status is PaymentStatus.Requested && (now + pause >= FirstCallAt + giveUpAfter || now + pause >= ValidUntil))
            GiveUp(now);
        else if (Status is PaymentStatus.Requested || IsToBeRefunded)
            NextCallAt = now + pause;
    }

    /// <summary>The outcome of the charge is unknown, so the worker requests a refund, also if nothing was charged.</summary>
    private void GiveUp(DateTimeOffset now)
    {
        Append(LedgerEntryKind.GivenUp, 0, now);
        (NextCallAt, Failures) = (now, 0);
    }

    private void CallForRefund(DateTimeOffset now)
    {
        if (IsToBeRefunded)
            (ClaimedUntil, NextCallAt, Failures) = (null, now, 0);
    }

    private void EndCalls() => (NextCallAt, ClaimedUntil, Failures) = (null, null, 0);

    private void Append(LedgerEntryKind kind, decimal amount, DateTimeOffset now)
    {
        var entry = new LedgerEntry(Id, LedgerVersion + 1, kind, amount, now);
        State = State.Apply(entry);
        _appended.Add(entry);
    }
}

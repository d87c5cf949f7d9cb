using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;

namespace ForgeShop.Payments;

public enum PaymentStatus
{
    /// <summary>The provider is to be asked for the money, or is being asked.</summary>
    Requested,

    /// <summary>The provider has taken the money.</summary>
    Charged,

    /// <summary>The provider refused.</summary>
    Declined,

    /// <summary>The provider is to be told to give back what it took, and to take nothing from here on.</summary>
    Refunding,

    /// <summary>
    /// Of a charge that its order still waits for, nothing was heard in time: the provider is told as for <see cref="Refunding"/>. The order hears of that alone,
    /// and never that the money was taken, which it would take for the end of waiting.
    /// </summary>
    GivenUp,

    /// <summary>Nothing is taken any more.</summary>
    Refunded,
}

/// <summary>
/// One attempt to charge an order: what was asked for, what the provider said, and when it is to be asked next. A refund can be asked for at any time and
/// always wins: whatever the provider says of the charge after that changes nothing about it.
/// </summary>
public sealed class Payment : IEventSource
{
    private Payment()
    {
    }

    /// <summary>Derived from the order and the attempt; what the provider knows the payment by.</summary>
    public PaymentId Id { get; private set; }

    public OrderId OrderId { get; private set; }

    /// <summary>From 1.</summary>
    public int Attempt { get; private set; }

    public Money Amount { get; private set; }

    public string Method { get; private set; } = "";

    public PaymentStatus Status { get; private set; }

    /// <summary>After this no further attempt to charge is begun.</summary>
    public DateTimeOffset ValidUntil { get; private set; }

    public DateTimeOffset ChangedAt { get; private set; }

    /// <summary>When it was told that the money is taken; null also where the charge was given up before the provider said so.</summary>
    public DateTimeOffset? ChargedAt { get; private set; }

    /// <summary>When the provider is to be asked; null if there is nothing to ask.</summary>
    public DateTimeOffset? NextCallAt { get; private set; }

    /// <summary>When the provider was asked for the first time.</summary>
    public DateTimeOffset? FirstCallAt { get; private set; }

    /// <summary>Until then a worker is asking; after that it must have died.</summary>
    public DateTimeOffset? ClaimedUntil { get; private set; }

    /// <summary>How often the provider did not answer what it is asked now.</summary>
    public int Failures { get; private set; }

    /// <summary>Of the command that is being carried out.</summary>
    public Origin Origin { get; private set; } = Origin.None;

    public long LastSequence { get; set; }

    /// <summary>The provider is to be told that the charge is off.</summary>
    public bool IsToBeRefunded => Status is PaymentStatus.Refunding or PaymentStatus.GivenUp;

    Guid IEventSource.AggregateId => Id.Value;

    public static Payment Request(ChargePayment command, Origin origin, DateTimeOffset now) => new()
    {
        Id = command.PaymentId,
        OrderId = command.OrderId,
        Attempt = command.Attempt,
        Amount = command.Amount,
        Method = command.Method,
        Status = PaymentStatus.Requested,
        ValidUntil = command.ValidUntil,
        ChangedAt = now,
        NextCallAt = now,
        Origin = origin,
    };

    /// <summary>A refund that came before its charge, or instead of it. The provider is told all the same: it knows for certain what it has taken.</summary>
    public static Payment RefundOnly(RefundPayment command, Origin origin, DateTimeOffset now) => new()
    {
        Id = command.PaymentId,
        OrderId = command.OrderId,
        Attempt = command.Attempt,
        Amount = command.Amount,
        Status = PaymentStatus.Refunding,
        ValidUntil = now,
        ChangedAt = now,
        NextCallAt = now,
        Origin = origin,
    };

    /// <returns>False if it is refunded already.</returns>
    public bool RequestRefund(Origin origin, DateTimeOffset now)
    {
        if (Status is PaymentStatus.Refunded)
            return false;
        if (Status is not PaymentStatus.Refunding)
        {
            Become(PaymentStatus.Refunding, now);
            (Failures, Origin) = (0, origin);
        }

        // A worker that is asking for the charge right now finishes that first, and finds this.
        NextCallAt = now;
        return true;
    }

    /// <summary>A worker is going to ask the provider. Not for money any more that nobody waits for: then it is to settle that nothing is taken.</summary>
    public void Claim(DateTimeOffset now, DateTimeOffset until)
    {
        if (Status is PaymentStatus.Requested && now >= ValidUntil)
            GiveUp(now);
        FirstCallAt ??= now;
        ClaimedUntil = until;
    }

    /// <summary>The provider has taken the money. Told also when it is to be given back on request: it was taken, and everybody may know.</summary>
    /// <returns>Null if that is told already (two workers asked, because a claim ran out), or the charge was given up meanwhile.</returns>
    public PaymentCharged? Charged(DateTimeOffset now)
    {
        if (Status is PaymentStatus.Requested)
            Settle(PaymentStatus.Charged, now);
        else
            CallForRefund(now);
        if (ChargedAt is not null || Status is not (PaymentStatus.Charged or PaymentStatus.Refunding))
            return null;
        ChargedAt = now;
        return new(Id, OrderId, Amount, now);
    }

    /// <returns>Null if that is told already, or a refund is asked for meanwhile: its answer will say that nothing was taken.</returns>
    public PaymentDeclined? Declined(string reason, DateTimeOffset now)
    {
        if (Status is not PaymentStatus.Requested)
        {
            CallForRefund(now);
            return null;
        }

        Settle(PaymentStatus.Declined, now);
        return new(Id, OrderId, reason);
    }

    /// <returns>Null if that is told already.</returns>
    public PaymentRefunded? Refunded(Money givenBack, DateTimeOffset now)
    {
        if (!IsToBeRefunded)
            return null;
        Settle(PaymentStatus.Refunded, now);
        return new(Id, OrderId, givenBack);
    }

    /// <summary>The provider did not answer. What became of it is open; the next call, under the same ID, will tell.</summary>
    /// <param name="now">The time.</param>
    /// <param name="pause">How long to leave the provider alone.</param>
    /// <param name="patience">How long after its first call a charge is given up. A refund never is.</param>
    public void Unanswered(DateTimeOffset now, TimeSpan pause, TimeSpan patience)
    {
        Failures++;
        ClaimedUntil = null;
        if (Status is PaymentStatus.Requested && (now + pause >= FirstCallAt + patience || now + pause >= ValidUntil))
            GiveUp(now);
        else if (Status is PaymentStatus.Requested || IsToBeRefunded)
            NextCallAt = now + pause;
    }

    /// <summary>Nothing is known of the charge, so the provider is told that it is off; the answer is a refund, be it of nothing.</summary>
    private void GiveUp(DateTimeOffset now)
    {
        Become(PaymentStatus.GivenUp, now);
        (NextCallAt, Failures) = (now, 0);
    }

    private void CallForRefund(DateTimeOffset now)
    {
        if (IsToBeRefunded)
            (ClaimedUntil, NextCallAt, Failures) = (null, now, 0);
    }

    private void Settle(PaymentStatus status, DateTimeOffset now)
    {
        Become(status, now);
        (NextCallAt, ClaimedUntil, Failures) = (null, null, 0);
    }

    private void Become(PaymentStatus status, DateTimeOffset now) => (Status, ChangedAt) = (status, now);
}

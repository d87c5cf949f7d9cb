namespace ForgeShop.Contracts.Events;

/// <summary>The provider has taken the amount.</summary>
public sealed record PaymentCharged(PaymentId PaymentId, OrderId OrderId, Money Amount, DateTimeOffset ChargedAt) : IEventData
{
    public static string Type => "payments.payment-charged";
    public static string Topic => Topics.PaymentEvents;
}

/// <summary>The provider refused, for good: nothing was taken.</summary>
/// <param name="Reason">In the provider's words, kebab-case; for people who look into it, not for decisions.</param>
public sealed record PaymentDeclined(PaymentId PaymentId, OrderId OrderId, string Reason) : IEventData
{
    public static string Type => "payments.payment-declined";
    public static string Topic => Topics.PaymentEvents;
}

/// <summary>Nothing is taken for this payment any more, and nothing will be.</summary>
/// <param name="Amount">What was given back: 0 where nothing had been taken.</param>
public sealed record PaymentRefunded(PaymentId PaymentId, OrderId OrderId, Money Amount) : IEventData
{
    public static string Type => "payments.payment-refunded";
    public static string Topic => Topics.PaymentEvents;
}

namespace ForgeShop.Contracts.Events;

/// <summary>The provider charged the amount.</summary>
public sealed record PaymentCharged(PaymentId PaymentId, OrderId OrderId, Money Amount, DateTimeOffset ChargedAt) : IEventData
{
    public static string Type => "payments.payment-charged";
    public static string Topic => Topics.PaymentEvents;
}

/// <summary>The provider declined the charge permanently; nothing was charged.</summary>
/// <param name="Reason">The provider's reason in kebab-case; for support, not for decisions.</param>
public sealed record PaymentDeclined(PaymentId PaymentId, OrderId OrderId, string Reason) : IEventData
{
    public static string Type => "payments.payment-declined";
    public static string Topic => Topics.PaymentEvents;
}

/// <summary>Nothing is charged for this payment, now or later.</summary>
/// <param name="Amount">The refunded amount; 0 if nothing was charged.</param>
public sealed record PaymentRefunded(PaymentId PaymentId, OrderId OrderId, Money Amount) : IEventData
{
    public static string Type => "payments.payment-refunded";
    public static string Topic => Topics.PaymentEvents;
}

namespace ForgeShop.Contracts.Events;

/// <summary>
/// Charges an order. Answered by <see cref="PaymentCharged"/>, <see cref="PaymentDeclined"/>, or <see cref="PaymentRefunded"/> if the
/// charge was given up: the provider did not answer, or no attempt began before <paramref name="ValidUntil"/>.
/// </summary>
/// <param name="Attempt">From 1. With the order, the payment's natural key.</param>
/// <param name="Method">The payment method, in the provider's terms.</param>
public sealed record ChargePayment(
    PaymentId PaymentId, OrderId OrderId, int Attempt, Money Amount, string Method, DateTimeOffset ValidUntil)
    : ICommandData
{
    public static string Type => "payments.charge-payment";
    public static string Topic => Topics.PaymentCommands;
}

/// <summary>
/// Refunds a payment and prevents later charges. Each copy of the command is answered by <see cref="PaymentRefunded"/>, also if nothing was
/// charged.
/// </summary>
public sealed record RefundPayment(PaymentId PaymentId, OrderId OrderId, int Attempt, Money Amount) : ICommandData
{
    public static string Type => "payments.refund-payment";
    public static string Topic => Topics.PaymentCommands;
}

namespace ForgeShop.Contracts.Events;

/// <summary>
/// Charge an order. Answered by <see cref="PaymentCharged"/>, <see cref="PaymentDeclined"/>, or <see cref="PaymentRefunded"/> where it was given up: the provider
/// did not answer for too long, or it was not begun before <paramref name="ValidUntil"/>.
/// </summary>
/// <param name="Attempt">From 1. With the order, the payment's natural key.</param>
/// <param name="Method">How it is to be paid, in the words of the payment provider.</param>
public sealed record ChargePayment(PaymentId PaymentId, OrderId OrderId, int Attempt, Money Amount, string Method, DateTimeOffset ValidUntil) : ICommandData
{
    public static string Type => "payments.charge-payment";
    public static string Topic => Topics.PaymentCommands;
}

/// <summary>
/// Make sure that nothing is taken for this payment: give back what was, and take nothing from here on. Always answered by <see cref="PaymentRefunded"/>,
/// however often it comes, also where there was no charge at all.
/// </summary>
public sealed record RefundPayment(PaymentId PaymentId, OrderId OrderId, int Attempt, Money Amount) : ICommandData
{
    public static string Type => "payments.refund-payment";
    public static string Topic => Topics.PaymentCommands;
}

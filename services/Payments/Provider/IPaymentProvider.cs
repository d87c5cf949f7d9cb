namespace ForgeShop.Payments;

/// <summary>
/// The port to the payment provider. An implementation must support idempotency keys:
/// <list type="bullet">
/// <item>a repeated charge with the same ID is not made again and gets the first answer;</item>
/// <item>a refund is final: a later charge with the same ID takes nothing.</item>
/// </list>
/// After an exception or a time-out the outcome is unknown. The caller retries with the same ID.
/// </summary>
public interface IPaymentProvider
{
    Task<ChargeResult> ChargeAsync(PaymentId id, Money amount, string method, CancellationToken cancellationToken);

    /// <returns>The refunded amount; 0 if nothing was charged.</returns>
    Task<Money> RefundAsync(PaymentId id, Money amount, CancellationToken cancellationToken);
}

/// <param name="DeclineReason">Null if the amount was charged; otherwise the provider's reason.</param>
public sealed record ChargeResult(string? DeclineReason)
{
    public static ChargeResult Charged { get; } = new((string?)null);
}

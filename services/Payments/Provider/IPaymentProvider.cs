using ForgeShop.Contracts;

namespace ForgeShop.Payments.Provider;

/// <summary>
/// The port to whoever moves the money. What is expected of an implementation is what the good providers offer under the name of idempotency keys:
/// <list type="bullet">
/// <item>a charge under an ID that was charged before is not made again, but answered as the first time;</item>
/// <item>a refund is final: a charge under that ID that arrives later, or is still on its way, takes nothing.</item>
/// </list>
/// Any exception, and no answer in time, means that it is not known what happened. The caller asks again under the same ID.
/// </summary>
public interface IPaymentProvider
{
    Task<ChargeResult> ChargeAsync(PaymentId id, Money amount, string method, CancellationToken cancellationToken);

    /// <returns>What was given back; 0 if nothing had been taken.</returns>
    Task<Money> RefundAsync(PaymentId id, Money amount, CancellationToken cancellationToken);
}

/// <param name="DeclineReason">Null if the money was taken; otherwise why not, in the provider's words.</param>
public sealed record ChargeResult(string? DeclineReason)
{
    public static ChargeResult Charged { get; } = new((string?)null);
}

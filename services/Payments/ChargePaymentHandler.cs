using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Payments;

/// <summary>
/// Writes down what is to be charged. The provider is asked by <see cref="PaymentWorker"/>: it may take seconds, and neither a transaction nor the orders
/// behind this one in its partition should wait for it.
/// </summary>
public sealed class ChargePaymentHandler(PaymentsDb db, PaymentWorker worker, TimeProvider time) : IEventHandler<ChargePayment>
{
    public async Task HandleAsync(ChargePayment command, EventContext context, CancellationToken cancellationToken)
    {
        // Asked for already; or its refund was faster, and then nothing may be taken any more.
        if (await db.LockPaymentAsync(command.PaymentId, cancellationToken) is not null)
            return;
        db.Payments.Add(Payment.Request(command, Origin.Current, time.GetUtcNow()));
        db.AfterCommit(worker.Wake);
    }
}

using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Payments;

/// <summary>Writes down that the money is to be given back, whatever became of the charge. Answers every time: the last answer may have been lost.</summary>
public sealed class RefundPaymentHandler(PaymentsDb db, PaymentWorker worker, TimeProvider time) : IEventHandler<RefundPayment>
{
    public async Task HandleAsync(RefundPayment command, EventContext context, CancellationToken cancellationToken)
    {
        var payment = await db.LockPaymentAsync(command.PaymentId, cancellationToken);
        if (payment is null)
            db.Payments.Add(Payment.RefundOnly(command, Origin.Current, time.GetUtcNow()));
        else if (!payment.RequestRefund(Origin.Current, time.GetUtcNow()))
            db.Emit(payment, new PaymentRefunded(payment.Id, payment.OrderId, new Money(0, payment.Amount.Currency)));
        db.AfterCommit(worker.Wake);
    }
}

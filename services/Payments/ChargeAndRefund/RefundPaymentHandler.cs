namespace ForgeShop.Payments;

/// <summary>
/// Stores requested refunds, whatever the state of the charge. Each command gets an answer, because an earlier answer may have been lost.
/// </summary>
public sealed class RefundPaymentHandler(PaymentsDb db, PaymentWorker worker, ForgeIds ids, TimeProvider time)
    : IBatchHandler<RefundPayment>
{
    public async Task HandleAsync(IReadOnlyList<Received<RefundPayment>> events, CancellationToken cancellationToken)
    {
        var known = await db.LockPaymentsAsync([.. events.Select(received => received.Data.PaymentId)], ids, cancellationToken);
        foreach (var (command, context) in events)
        {
            if (!known.TryGetValue(command.PaymentId, out var payment))
                db.Payments.Add(Payment.RefundOnly(command, context.Origin, time.GetUtcNow()));
            else if (!payment.RequestRefund(context.Origin, time.GetUtcNow()))
                db.Emit(payment, new PaymentRefunded(payment.Id, payment.OrderId, new Money(0, payment.Amount.Currency)), context.Origin);
        }
        db.AfterCommit(worker.Wake);
    }
}

namespace ForgeShop.Payments;

/// <summary>
/// Stores requested charges. <see cref="PaymentWorker"/> calls the provider: a call may take seconds, and no transaction stays open for it.
/// </summary>
public sealed class ChargePaymentHandler(PaymentsDb db, PaymentWorker worker, ForgeIds ids, TimeProvider time)
    : IBatchHandler<ChargePayment>
{
    public async Task HandleAsync(IReadOnlyList<Received<ChargePayment>> events, CancellationToken cancellationToken)
    {
        var known = await db.LockPaymentsAsync([.. events.Select(received => received.Data.PaymentId)], ids, cancellationToken);
        // An existing payment was requested before, or its refund arrived first and nothing may be charged.
        db.Payments.AddRange(events.Where(received => !known.ContainsKey(received.Data.PaymentId))
            .Select(received => Payment.Request(received.Data, received.Context.Origin, time.GetUtcNow())));
        db.AfterCommit(worker.Wake);
    }
}

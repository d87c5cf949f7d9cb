using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;

namespace ForgeShop.Payments;

/// <summary>Stores charges to be made. <see cref="PaymentWorker"/> calls the provider: a call may take seconds, and no transaction waits for it.</summary>
public sealed class ChargePaymentHandler(PaymentsDb db, PaymentWorker worker, TimeProvider time) : IBatchHandler<ChargePayment>
{
    public async Task HandleAsync(IReadOnlyList<Received<ChargePayment>> events, CancellationToken cancellationToken)
    {
        var known = await db.LockPaymentsAsync([.. events.Select(received => received.Data.PaymentId)], cancellationToken);
        // A payment that exists was requested already, or its refund was faster and nothing may be taken any more.
        db.Payments.AddRange(events.Where(received => !known.ContainsKey(received.Data.PaymentId))
            .Select(received => Payment.Request(received.Data, received.Context.Origin, time.GetUtcNow())));
        db.AfterCommit(worker.Wake);
    }
}

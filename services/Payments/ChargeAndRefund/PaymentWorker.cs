using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace ForgeShop.Payments;

/// <summary>
/// Calls the provider for due payments: claims them for a lease, calls with a time-out and outside of any transaction, and records the
/// answers in batches. After a crash the lease expires; the next worker repeats the call with the same ID, and the provider deduplicates
/// it.
/// </summary>
public sealed partial class PaymentWorker(
    WorkerServices services, IPaymentProvider provider, ForgeIds ids, IOptions<PaymentOptions> options)
    : PollingWorker(services)
{
    private const int RecordBatchSize = 200;

    // The lease covers the call and the recording of its answer.
    private static readonly TimeSpan RecordingTime = TimeSpan.FromSeconds(4);

    private readonly PaymentOptions _options = options.Value;
    private readonly ConcurrentQueue<Answer> _answers = new();
    private int _running;

    /// <summary>Records the provider's answer, and emits its event if there is one.</summary>
    private delegate void Recording(PaymentsDb db, Payment payment, MessageOrigin origin, DateTimeOffset now);

    private sealed record Answer(PaymentId Payment, MessageOrigin Origin, Recording Record);

    /// <summary>Records the answers that have arrived and starts the due calls. Each finished call wakes the worker.</summary>
    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        var recorded = await RecordAsync(cancellationToken);
        // An unrecorded answer still occupies its slot, so the queue of answers is bounded as well.
        var slots = _options.MaxConcurrency - Volatile.Read(ref _running);
        var claimed = slots > 0 ? await ClaimAsync(slots, cancellationToken) : [];
        foreach (var payment in claimed)
        {
            Interlocked.Increment(ref _running);
            _ = Task.Run(() => CallAsync(payment, cancellationToken), CancellationToken.None);
        }
        return recorded == RecordBatchSize || (slots > 0 && claimed.Count == slots);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await RecordAsync(cancellationToken);
    }

    private async Task<List<Payment>> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        return await db.InTransactionAsync(async token =>
        {
            var now = Time.GetUtcNow();
            var lease = now + _options.ProviderTimeout + RecordingTime;
            // A time beyond the longest backoff or the longest lease was written before the clock was set back.
            var due = await db.Database.SqlQuery<Guid>(
                $"""
                select id as "Value" from payments
                where (next_call_at <= {now} or next_call_at > {now + (_options.MaxBackoff * 2)})
                    and (claimed_until is null or claimed_until < {now} or claimed_until > {lease})
                order by next_call_at limit {limit} for update skip locked
                """).ToListAsync(token);
            if (due.Count == 0)
                return [];
            var keys = due.ConvertAll(id => new PaymentId(id));
            var payments = await db.Payments.Where(payment => keys.Contains(payment.Id)).ToListAsync(token);
            payments.ForEach(payment => payment.Claim(now, lease));
            return payments;
        }, cancellationToken);
    }

    private async Task CallAsync(Payment payment, CancellationToken cancellationToken)
    {
        using var span = payment.Origin.StartSpan(payment.IsToBeRefunded ? "refund payment" : "charge payment");
        try
        {
            var recording = await AskAsync(payment, cancellationToken);
            _answers.Enqueue(new(payment.Id, payment.Origin.Under(span), recording));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The service stops; the lease expires.
            Interlocked.Decrement(ref _running);
        }
        Wake();
    }

    private async Task<Recording> AskAsync(Payment asked, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.ProviderTimeout, Time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (asked.IsToBeRefunded)
            {
                var givenBack = await provider.RefundAsync(asked.Id, asked.Amount, bounded.Token);
                return (db, payment, origin, now) => Emit(db, payment, payment.Refunded(givenBack, now), origin);
            }

            var charge = await provider.ChargeAsync(asked.Id, asked.Amount, asked.Method, bounded.Token);
            return charge.DeclineReason is { } reason
                ? (db, payment, origin, now) => Emit(db, payment, payment.Declined(reason, now), origin)
                : (db, payment, origin, now) => Emit(db, payment, payment.Charged(now), origin);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnanswered(Logger, asked.Id, asked.Failures + 1, error.GetType().Name, error.Message);
            return (_, payment, _, now) => payment.Unanswered(
                now, Backoff.After(payment.Failures + 1, _options.MinBackoff, _options.MaxBackoff), _options.ChargeTimeout);
        }
    }

    /// <summary>Records answers in one transaction. They stay in the queue until it is committed.</summary>
    private async Task<int> RecordAsync(CancellationToken cancellationToken)
    {
        var answers = _answers.Take(RecordBatchSize).ToList();
        if (answers.Count == 0)
            return 0;
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        await db.InTransactionAsync(async token =>
        {
            var payments = await db.LockPaymentsAsync([.. answers.Select(answer => answer.Payment)], ids, token);
            foreach (var answer in answers)
                answer.Record(db, payments[answer.Payment], answer.Origin, Time.GetUtcNow());
            return answers.Count;
        }, cancellationToken);
        foreach (var _ in answers)
        {
            _answers.TryDequeue(out var _);
            Interlocked.Decrement(ref _running);
        }
        return answers.Count;
    }

    private static void Emit<TEvent>(PaymentsDb db, Payment payment, TEvent? data, MessageOrigin origin) where TEvent : class, IEventData
    {
        if (data is not null)
            db.Emit(payment, data, origin);
    }

    [LoggerMessage(LogLevel.Information, "Payment provider did not answer for payment {Payment} (attempt {Attempt}, {Error}: {Message})")]
    private static partial void LogUnanswered(ILogger logger, PaymentId payment, int attempt, string error, string message);
}

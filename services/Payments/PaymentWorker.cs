using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.Payments.Provider;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace ForgeShop.Payments;

/// <summary>
/// Asks the provider for what is written down: claims payments that are due, calls outside of any transaction and with a time-out, records what was
/// answered. A worker that dies leaves a claim that runs out; then another one asks again under the same ID, which the provider recognises.
/// </summary>
public sealed partial class PaymentWorker(WorkerServices services, IPaymentProvider provider, IOptions<PaymentOptions> options) : PollingWorker(services)
{
    // Recording the answer comes on top of waiting for it.
    private static readonly TimeSpan RecordingTime = TimeSpan.FromSeconds(30);

    private readonly PaymentOptions _options = options.Value;
    private readonly Lock _lock = new();
    private readonly HashSet<Task> _calls = [];

    private int FreeSlots
    {
        get
        {
            lock (_lock)
                return _options.MaxConcurrency - _calls.Count;
        }
    }

    protected override async Task<bool> WorkAsync(CancellationToken cancellationToken)
    {
        var slots = FreeSlots;
        if (slots == 0)
            return false; // The first call that ends wakes us.
        var claimed = await ClaimAsync(slots, cancellationToken);
        foreach (var payment in claimed)
            Start(payment, cancellationToken);
        return claimed.Count == slots;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Task[] calls;
        lock (_lock)
            calls = [.. _calls];
        await Task.WhenAll(calls).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<List<Payment>> ClaimAsync(int limit, CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        return await db.InTransactionAsync(async token =>
        {
            var now = Time.GetUtcNow();
            var due = await db.Database.SqlQuery<Guid>(
                $"""
                select id as "Value" from payments where next_call_at <= {now} and (claimed_until is null or claimed_until < {now})
                order by next_call_at limit {limit} for update skip locked
                """).ToListAsync(token);
            var ids = due.ConvertAll(id => new PaymentId(id));
            var payments = await db.Payments.Where(payment => ids.Contains(payment.Id)).ToListAsync(token);
            foreach (var payment in payments)
                payment.Claim(now, now + _options.ProviderTimeout + RecordingTime);
            return payments;
        }, cancellationToken);
    }

    private void Start(Payment payment, CancellationToken cancellationToken)
    {
        var call = Task.Run(() => CallAsync(payment, cancellationToken), CancellationToken.None);
        lock (_lock)
            _calls.Add(call);
        call.ContinueWith(End, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    private void End(Task call)
    {
        lock (_lock)
            _calls.Remove(call);
        Wake();
    }

    private async Task CallAsync(Payment payment, CancellationToken cancellationToken)
    {
        using var resumed = payment.Origin.Resume(payment.IsToBeRefunded ? "refund payment" : "charge payment");
        try
        {
            await RecordAsync(payment.Id, await AskAsync(payment, cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // We stop. The claim runs out.
        }
        catch (Exception error)
        {
            // The claim runs out, and somebody asks again.
            LogUnrecorded(Logger, payment.Id, error);
        }
    }

    /// <returns>What to record of the answer.</returns>
    private async Task<Func<Payment, DateTimeOffset, object?>> AskAsync(Payment asked, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.ProviderTimeout, Time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            if (asked.IsToBeRefunded)
            {
                var givenBack = await provider.RefundAsync(asked.Id, asked.Amount, bounded.Token);
                return (payment, now) => payment.Refunded(givenBack, now);
            }

            var charge = await provider.ChargeAsync(asked.Id, asked.Amount, asked.Method, bounded.Token);
            return charge.DeclineReason is { } reason ? (payment, now) => payment.Declined(reason, now) : (payment, now) => payment.Charged(now);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnanswered(Logger, asked.Id, asked.Failures + 1, error.GetType().Name, error.Message);
            return (payment, now) =>
            {
                payment.Unanswered(now, Pause(payment.Failures + 1, _options.MinBackoff, _options.MaxBackoff), _options.ChargePatience);
                return null;
            };
        }
    }

    private async Task RecordAsync(PaymentId id, Func<Payment, DateTimeOffset, object?> record, CancellationToken cancellationToken)
    {
        await using var scope = Scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        await db.InTransactionAsync(async token =>
        {
            var payment = await db.LockPaymentAsync(id, token) ?? throw new InvalidOperationException("A payment that was claimed is gone.");
            return record(payment, Time.GetUtcNow()) switch
            {
                PaymentCharged charged => db.Emit(payment, charged),
                PaymentDeclined declined => db.Emit(payment, declined),
                PaymentRefunded refunded => db.Emit(payment, refunded),
                _ => default,
            };
        }, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "The provider did not answer for payment {Payment} (failure {Failures}, {Error}: {Message})")]
    private static partial void LogUnanswered(ILogger logger, PaymentId payment, int failures, string error, string message);

    [LoggerMessage(LogLevel.Warning, "What the provider answered for payment {Payment} could not be recorded; it is asked again when the claim runs out")]
    private static partial void LogUnrecorded(ILogger logger, PaymentId payment, Exception error);
}

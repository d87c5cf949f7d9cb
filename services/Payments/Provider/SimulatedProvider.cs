using Microsoft.Extensions.Options;

namespace ForgeShop.Payments;

/// <summary>
/// A payment provider whose behaviour depends on the payment method: <c>sim-ok</c>, <c>sim-declined</c>, <c>sim-slow</c> (answers after a
/// few seconds), <c>sim-timeout</c> (never answers and takes nothing), <c>sim-lost-answer</c> (takes the money and breaks the connection; a
/// retry gets the answer). Its ledger has tables and transactions of its own, so tests compare the captured amounts with the shop's
/// records.
/// </summary>
public sealed class SimulatedProvider(IServiceScopeFactory scopes, IOptions<SimulatedProviderOptions> options, TimeProvider time)
    : IPaymentProvider
{
    public async Task<ChargeResult> ChargeAsync(PaymentId id, Money amount, string method, CancellationToken cancellationToken)
    {
        if (method == "sim-timeout")
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
        if (method == "sim-slow")
            await Task.Delay(options.Value.SlowAnswer, time, cancellationToken);

        var wanted = method == "sim-declined" ? SimulatedCharge.Declined : SimulatedCharge.Captured;
        var (state, isNew) = await RecordAsync(id, amount, wanted, cancellationToken);
        if (isNew && method == "sim-lost-answer")
            throw new HttpRequestException("The connection was closed before the answer arrived.");
        return state == SimulatedCharge.Captured
            ? ChargeResult.Charged
            : new ChargeResult(state == SimulatedCharge.Declined ? "insufficient-funds" : "voided");
    }

    public async Task<Money> RefundAsync(PaymentId id, Money amount, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        // One statement, like all below: a charge of the same payment may arrive concurrently.
        await db.Database.ExecuteSqlAsync(
            $"""
            insert into simulated_provider.charges (payment_id, state, amount, currency, captures, changed_at)
            values ({id.Value}, {SimulatedCharge.Voided}, 0, {amount.Currency}, 0, {time.GetUtcNow()})
            on conflict (payment_id) do update set state = {SimulatedCharge.Refunded}, changed_at = excluded.changed_at
            where charges.state = {SimulatedCharge.Captured}
            """,
            cancellationToken);
        var charge = await db.Set<SimulatedCharge>().AsNoTracking().SingleAsync(known => known.PaymentId == id.Value, cancellationToken);
        return new Money(charge.State == SimulatedCharge.Refunded ? charge.Amount : 0, charge.Currency);
    }

    private async Task<(string State, bool IsNew)> RecordAsync(
        PaymentId id, Money amount, string wanted, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        var captures = wanted == SimulatedCharge.Captured ? 1 : 0;
        var isNew = await db.Database.ExecuteSqlAsync(
            $"""
            insert into simulated_provider.charges (payment_id, state, amount, currency, captures, changed_at)
            values ({id.Value}, {wanted}, {amount.Amount}, {amount.Currency}, {captures}, {time.GetUtcNow()})
            on conflict (payment_id) do nothing
            """,
            cancellationToken) == 1;
        if (isNew)
            return (wanted, true);
        var charge = await db.Set<SimulatedCharge>().AsNoTracking().SingleAsync(known => known.PaymentId == id.Value, cancellationToken);
        return (charge.State, false);
    }
}

/// <summary>Configuration section <c>SimulatedProvider</c>.</summary>
public sealed class SimulatedProviderOptions
{
    /// <summary>The response time of <c>sim-slow</c>.</summary>
    public TimeSpan SlowAnswer { get; set; } = TimeSpan.FromSeconds(3);
}

/// <summary>A row in the ledger of <see cref="SimulatedProvider"/>.</summary>
public sealed class SimulatedCharge
{
    public const string Captured = "captured";
    public const string Declined = "declined";
    public const string Refunded = "refunded";

    /// <summary>Refunded before the capture: it is never captured.</summary>
    public const string Voided = "voided";

    public required Guid PaymentId { get; init; }

    public required string State { get; set; }

    public required decimal Amount { get; set; }

    public required string Currency { get; init; }

    /// <summary>The number of captures. The tests check that it is at most one.</summary>
    public required int Captures { get; set; }

    public required DateTimeOffset ChangedAt { get; set; }
}

using System.Data;

namespace ForgeShop.Payments;

/// <summary>A payment whose row differs from the fold of its ledger entries.</summary>
/// <param name="PaymentId">The payment.</param>
/// <param name="Reason">
/// <c>no-entries</c>, <c>no-payment</c>, <c>missing-entry</c>, <c>state</c> (row and fold differ) or <c>balance</c> (a refunded payment was
/// not given back in full).
/// </param>
/// <param name="Stored">The state in the payment's row.</param>
/// <param name="Folded">The fold of its entries.</param>
public sealed record LedgerMismatch(PaymentId PaymentId, string Reason, PaymentState? Stored, PaymentState? Folded);

/// <summary>The result for one page of payments.</summary>
/// <param name="Checked">The number of payments in the page.</param>
/// <param name="Mismatches">The payments that differ.</param>
/// <param name="Next">The last payment of the page, where the next one begins; null at the end.</param>
public sealed record LedgerPage(int Checked, IReadOnlyList<LedgerMismatch> Mismatches, PaymentId? Next);

/// <summary>Folds the ledger again and compares it with the payments, page by page in the order of the IDs. It repairs nothing.</summary>
public sealed class LedgerComparison(PaymentsDb db)
{
    public const int MaxPayments = 1000;

    /// <param name="after">The payment that ended the page before; null for the first page.</param>
    /// <param name="limit">The number of payments in the page, at most <see cref="MaxPayments"/>.</param>
    /// <param name="cancellationToken">Cancels the comparison.</param>
    public async Task<LedgerPage> CompareAsync(PaymentId? after, int limit, CancellationToken cancellationToken) =>
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async token =>
        {
            // All statements see one snapshot: a payment that changes meanwhile is not a mismatch.
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, token);
            var first = after?.Value ?? Guid.Empty;
            var keys = await db.Database.SqlQuery<Guid>(
                $"""
                select id as "Value" from (
                    (select id from payments where id > {first} order by id limit {limit})
                    union (select distinct payment_id from ledger where payment_id > {first} order by payment_id limit {limit})) page (id)
                order by id limit {limit}
                """).ToListAsync(token);
            var ids = keys.ConvertAll(key => new PaymentId(key));
            var payments = await db.Payments.AsNoTracking().Where(payment => ids.Contains(payment.Id))
                .ToDictionaryAsync(payment => payment.Id, payment => payment.State, token);
            var entries = (await db.Ledger.AsNoTracking().Where(entry => ids.Contains(entry.PaymentId)).OrderBy(entry => entry.Version)
                .ToListAsync(token)).ToLookup(entry => entry.PaymentId);
            var mismatches = ids.Select(id => Compare(id, payments.GetValueOrDefault(id), [.. entries[id]])).OfType<LedgerMismatch>();
            return new LedgerPage(ids.Count, [.. mismatches], ids.Count < limit ? null : ids[^1]);
        }, cancellationToken);

    private static LedgerMismatch? Compare(PaymentId id, PaymentState? stored, IReadOnlyList<LedgerEntry> entries)
    {
        if (entries.Count == 0)
            return new(id, "no-entries", stored, null);
        if (!PaymentState.IsComplete(entries))
            return new(id, "missing-entry", stored, null);
        var folded = PaymentState.Fold(entries);
        if (stored is null)
            return new(id, "no-payment", null, folded);
        if (folded != stored)
            return new(id, "state", stored, folded);
        return folded.Status is PaymentStatus.Refunded && folded.Charged != folded.Refunded ? new(id, "balance", stored, folded) : null;
    }
}

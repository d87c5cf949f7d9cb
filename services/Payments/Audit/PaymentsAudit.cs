using ForgeShop.Contracts.Audit;
using static ForgeShop.Auditing.AuditedTable;

namespace ForgeShop.Payments;

/// <summary>The payments and their ledger in the audit. Money is reported and never repaired.</summary>
internal static class PaymentsAudit
{
    public static IServiceCollection AddPaymentsAudit(this IServiceCollection services) => services
        .AddOutboxAudit<PaymentsDb>()
        .AddInboxAudit<PaymentsDb>()
        .AddAuditedTable<PaymentsDb>(new(
            new("payments", "payments", "postgresql")
            {
                IsAuthority = true,
                References = new Dictionary<string, string> { ["order"] = "orders" },
            },
            "payments")
        {
            Key = [("order", "order_id"), ("attempt", "attempt")],
            Events = "last_sequence",
            Hashes =
            [
                ("amount", [Amount("amount"), "currency"]),
                ("state",
                [
                    "ledger_version", "status", Amount("amount"), Amount("charged_amount"), Amount("refunded_amount"), Time("charged_at"),
                ]),
            ],
        })
        .AddSingleton<AuditedStore, LedgerAudit>();
}

/// <summary>The ledger in the audit: the fold of the entries of each payment, which its row must equal.</summary>
internal sealed class LedgerAudit(IServiceScopeFactory scopes)
    : AuditedStore(new("ledger", "payments", "postgresql") { IsComplete = true })
{
    public override async Task<AuditedEntries> PageAsync(string? after, int limit, CancellationToken cancellationToken)
    {
        var start = after is null ? Guid.Empty : Forge.Uuid.TryParse(after, out var id) ? id : throw new FormatException();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<PaymentsDb>();
        var entries = await db.Ledger.FromSql(
            $"""
            select * from ledger where payment_id in
                (select distinct payment_id from ledger where payment_id > {start} order by payment_id limit {limit})
            """).AsNoTracking().ToListAsync(cancellationToken);
        var items = Fold(entries);
        return new(items, items.Count == limit ? Forge.Uuid.ToText(items[^1].Id) : null);
    }

    public override async Task<IReadOnlyList<AuditEntry>> LookupAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var wanted = ids.Select(id => new PaymentId(id)).ToArray();
        return Fold(await scope.ServiceProvider.GetRequiredService<PaymentsDb>().Ledger.AsNoTracking()
            .Where(entry => wanted.Contains(entry.PaymentId)).ToListAsync(cancellationToken));
    }

    public override async Task<IReadOnlyList<AuditEntry>> FindIdsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var wanted = ids.Select(id => new PaymentId(id)).ToArray();
        return await scope.ServiceProvider.GetRequiredService<PaymentsDb>().Ledger
            .Where(entry => wanted.Contains(entry.PaymentId)).Select(entry => entry.PaymentId).Distinct()
            .Select(id => new AuditEntry(id.Value)).ToListAsync(cancellationToken);
    }

    private static List<AuditEntry> Fold(IEnumerable<LedgerEntry> entries) =>
    [
        .. from entry in entries
           group entry by entry.PaymentId.Value into payment
           orderby payment.Key
           select new AuditEntry(payment.Key) { Hashes = new Dictionary<string, string> { ["state"] = Hash([.. payment]) } },
    ];

    private static string Hash(List<LedgerEntry> entries)
    {
        entries.Sort((left, right) => left.Version.CompareTo(right.Version));
        // A missing entry has no fold.
        if (!PaymentState.IsComplete(entries))
            return "missing-entry";
        var state = PaymentState.Fold(entries);
        return ContentHash.Of(
            $"{state.Version}", state.Status.ToString().ToLowerInvariant(), ContentHash.Amount(state.Amount),
            ContentHash.Amount(state.Charged), ContentHash.Amount(state.Refunded),
            state.ChargedAt is { } time ? ContentHash.Time(time) : null);
    }
}

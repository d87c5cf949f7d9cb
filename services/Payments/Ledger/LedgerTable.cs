namespace ForgeShop.Payments;

internal static class LedgerTable
{
    /// <summary>Appends entries: one statement, whatever their number is.</summary>
    public static Task AppendAsync(this PaymentsDb db, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        T[] Column<T>(Func<LedgerEntry, T> value) => [.. entries.Select(value)];
        return db.Database.ExecuteSqlAsync(
            $"""
            insert into ledger (payment_id, version, kind, amount, at)
            select * from unnest({Column(e => e.PaymentId.Value)}, {Column(e => e.Version)}, {Column(e => NameOf(e.Kind))},
                {Column(e => e.Amount)}, {Column(e => e.At)})
            """,
            cancellationToken);
    }

    public static string NameOf(LedgerEntryKind kind) => kind.ToString().ToLowerInvariant();
}

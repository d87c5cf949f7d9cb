using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>The entities that must exist because an order exists. Their IDs are derived, so no store is searched.</summary>
internal sealed class Expectations(AuditedShop shop, ForgeIds ids)
{
    private const string Confirmed = "confirmed";
    private const string Cancelled = "cancelled";

    /// <param name="EntityType">The entity type.</param>
    /// <param name="Derive">Derives its ID from an order.</param>
    /// <param name="IsExpected">Returns whether an order has one.</param>
    private sealed record Expected(string EntityType, Func<AuditEntry, Guid> Derive, Func<AuditEntry, bool> IsExpected);

    private readonly List<Expected> _ofOrder =
    [
        new("sagas", order => ids.Saga(new(order.Id)).Value, _ => true),
        new("reservations", order => ids.Reservation(new(order.Id)).Value, _ => true),
        new("payments", order => ids.Payment(new(order.Id), 1).Value, WasConfirmed),
        new("notifications", order => Notification(ids, order, "order-placed"), _ => true),
        new("notifications", order => Notification(ids, order, "order-confirmed"), WasConfirmed),
        new("notifications", order => Notification(ids, order, "order-cancelled"), IsCancelled),
    ];

    public async Task<List<AuditFinding>> CheckAsync(AuditTarget target, List<AuditEntry> entries, CancellationToken cancellationToken)
    {
        var findings = new List<AuditFinding>();
        if (target.Collection.EntityType != "orders")
            return findings;
        foreach (var expected in _ofOrder)
        {
            if (shop.AuthorityOf(expected.EntityType) is not { } authority)
                continue;
            var derived = entries.Where(expected.IsExpected).Select(order => (Order: order, Id: expected.Derive(order))).ToList();
            // Only payments have content to compare: the amount.
            var found = expected.EntityType == "payments"
                ? await authority.FindAsync(derived.Select(pair => pair.Id), cancellationToken)
                : (await authority.FindIdsAsync(derived.Select(pair => pair.Id), cancellationToken))
                    .ToDictionary(id => id, id => new AuditEntry(id));
            foreach (var (order, id) in derived)
            {
                if (!found.TryGetValue(id, out var dependent))
                    findings.Add(AuditChecks.Finding(target, authority.Name, expected.EntityType, id, AuditStates.Missing, order.Id) with
                    {
                        RepairAt = authority.Collection.CanRepair ? authority.Name : null,
                    });
                else if (AuditChecks.Difference(dependent, order) is { } difference)
                    findings.Add(AuditChecks.Finding(
                        target, authority.Name, expected.EntityType, id, AuditStates.Mismatch, order.Id) with { Detail = difference });
            }
        }
        return findings;
    }

    /// <summary>Returns the dependent entities of an order; none for null.</summary>
    public IEnumerable<(string? EntityType, Guid Id)> Of(AuditEntry? order) => order is null ? [] :
        _ofOrder.Where(expected => expected.IsExpected(order)).Select(expected => ((string?)expected.EntityType, expected.Derive(order)));

    private static bool WasConfirmed(AuditEntry order) => order.Group?.StartsWith(Confirmed, StringComparison.Ordinal) is true;

    private static bool IsCancelled(AuditEntry order) => order.Group?.EndsWith(Cancelled, StringComparison.Ordinal) is true;

    private static Guid Notification(ForgeIds ids, AuditEntry order, string kind) =>
        ids.Notification(UserId.Parse(order.Key!["user"]), kind, order.Id).Value;
}

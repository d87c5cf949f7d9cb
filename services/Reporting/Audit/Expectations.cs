using ForgeShop.Contracts.Audit;

namespace ForgeShop.Reporting;

/// <summary>The entities that must exist because an order exists. Their IDs are derived, so no store is searched.</summary>
internal static class Expectations
{
    public static IEnumerable<(string EntityType, Guid Id)> Of(AuditEntry order, ForgeIds ids)
    {
        var (id, user) = (new OrderId(order.Id), UserId.Parse(order.Key!["user"]));
        yield return ("sagas", ids.Saga(id).Value);
        yield return ("reservations", ids.Reservation(id).Value);
        yield return ("notifications", ids.Notification(user, "order-placed", order.Id).Value);
        // The groups are pending, confirmed, cancelled and confirmed-cancelled.
        if (order.Group?.StartsWith("confirmed", StringComparison.Ordinal) is true)
        {
            yield return ("payments", ids.Payment(id, 1).Value);
            yield return ("notifications", ids.Notification(user, "order-confirmed", order.Id).Value);
        }
        if (order.Group?.EndsWith("cancelled", StringComparison.Ordinal) is true)
            yield return ("notifications", ids.Notification(user, "order-cancelled", order.Id).Value);
    }
}

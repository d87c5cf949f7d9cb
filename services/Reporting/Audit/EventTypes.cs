namespace ForgeShop.Reporting;

/// <summary>The types of event that the aggregates of each entity type emit.</summary>
internal static class EventTypes
{
    private static readonly Dictionary<string, string[]> ByEntityType = new()
    {
        ["users"] = [UserRegistered.Type, UserProfileChanged.Type, UserDeactivated.Type],
        ["products"] = [ProductChanged.Type],
        ["orders"] = [OrderPlaced.Type, OrderConfirmed.Type, OrderCancelled.Type],
        ["reservations"] = [StockReserved.Type, ReservationFailed.Type, StockReleased.Type],
        ["payments"] = [PaymentCharged.Type, PaymentDeclined.Type, PaymentRefunded.Type],
        ["notifications"] = [NotificationSent.Type],
    };

    public static IReadOnlyList<string> Of(string entityType) => ByEntityType.GetValueOrDefault(entityType, []);

    /// <summary>Returns the type of the first event of every entity of a type; null if it differs.</summary>
    public static string? FirstOf(string entityType) => entityType is "users" or "products" or "orders" ? Of(entityType)[0] : null;

    /// <summary>Returns the entity type whose aggregates emit a type of event; null if the type is unknown.</summary>
    public static string? EntityTypeOf(string type) => ByEntityType.FirstOrDefault(entity => entity.Value.Contains(type)).Key;
}

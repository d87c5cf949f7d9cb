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

    /// <summary>Returns the type of the first event of every entity of a type; null if it differs.</summary>
    public static string? FirstOf(string entityType) =>
        entityType is "users" or "products" or "orders" ? ByEntityType[entityType][0] : null;

    /// <summary>Returns the types of event that the entities of a type emit.</summary>
    public static IEnumerable<string> Of(string entityType) => ByEntityType.GetValueOrDefault(entityType, []);

    /// <summary>Returns the entity type whose aggregates emit a type of event; null if the type is unknown.</summary>
    public static string? EntityTypeOf(string type) => ByEntityType.FirstOrDefault(entity => entity.Value.Contains(type)).Key;

    /// <summary>Returns the other types that the same aggregates emit.</summary>
    public static IEnumerable<string> SiblingsOf(string type) =>
        (ByEntityType.Values.FirstOrDefault(types => types.Contains(type)) ?? []).Where(other => other != type);
}

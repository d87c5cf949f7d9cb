namespace ForgeShop.Contracts.Events;

/// <summary>A product was created, or its name, price or stock was set. Carries the whole product: consumers keep their own copy.</summary>
public sealed record ProductChanged(ProductId ProductId, string Sku, string Name, Money Price, int Available, DateTimeOffset ChangedAt) : IEventData
{
    public static string Type => "product-changed";
    public static string Topic => Topics.InventoryEvents;
}

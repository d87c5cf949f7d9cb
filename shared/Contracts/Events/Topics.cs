namespace ForgeShop.Contracts.Events;

/// <summary>The Kafka topics. Each has exactly one producing service.</summary>
public static class Topics
{
    public const string UserEvents = "user.events";
    public const string OrderEvents = "order.events";
    public const string InventoryCommands = "inventory.commands";
    public const string InventoryEvents = "inventory.events";
    public const string PaymentCommands = "payment.commands";
    public const string PaymentEvents = "payment.events";
    public const string NotificationEvents = "notification.events";
    public const string RecommendationEvents = "recommendation.events";

    /// <summary>All topics except the dead-letter topics.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        UserEvents, OrderEvents, InventoryCommands, InventoryEvents, PaymentCommands, PaymentEvents, NotificationEvents,
        RecommendationEvents,
    ];

    public static string DeadLetters(string topic) => topic + ".dlq";
}

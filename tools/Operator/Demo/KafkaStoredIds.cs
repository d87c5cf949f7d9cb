using System.Text;
using System.Text.Json;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Operator.Demo;

/// <summary>Finds the IDs of the demo in the topics.</summary>
internal static class KafkaStoredIds
{
    private const string Store = "Kafka";
    private const int NewestPerPartition = 5_000;
    private static readonly string[] TopicNames = 
    [
        Topics.UserEvents, Topics.OrderEvents, Topics.InventoryCommands, Topics.InventoryEvents, Topics.PaymentCommands,
        Topics.PaymentEvents, Topics.NotificationEvents,
    ];

    public static List<StoredId> Read(string bootstrapServers, DemoStory story, CancellationToken cancellationToken)
    {
        var messages = ReadNewest(bootstrapServers, cancellationToken);
        var placed = Find(Topics.OrderEvents, OrderPlaced.Type, data => Text(data, "reference") == story.Key);
        var registered = Find(Topics.UserEvents, UserRegistered.Type, data => Text(data, "email") == story.Email);
        var sent = Find(
            Topics.NotificationEvents, NotificationSent.Type,
            data => Text(data, "reference") == Value(placed?.Data, "orderId") && Text(data, "kind") == DemoStory.Notice);
        bool IsOurs(JsonElement data) => Text(data, "orderId") == Value(placed?.Data, "orderId");
        var confirmed = Find(Topics.OrderEvents, OrderConfirmed.Type, IsOurs);
        var reserved = Find(Topics.InventoryEvents, StockReserved.Type, IsOurs);
        var charged = Find(Topics.PaymentEvents, PaymentCharged.Type, IsOurs);
        var product = Find(Topics.InventoryEvents, ProductChanged.Type, data => Text(data, "sku") == DemoStory.Sku);
        return
        [
            new("user", Store, "user.events key", Id(registered?.Key)),
            new("user", Store, "order.events userId", Id(Value(placed?.Data, "userId"))),
            new("product", Store, "inventory.events key", Id(product?.Key)),
            new(
                "product", Store, "order.events productId",
                Id(placed is null ? null : Text(placed.Data.GetProperty("items")[0], "productId"))),
            new("order", Store, "order.events key", Id(placed?.Key)),
            new(
                "order line", Store, "order.events lineId",
                Id(placed is null ? null : Text(placed.Data.GetProperty("items")[0], "lineId"))),
            new("reservation", Store, "inventory.commands key", Id(Find(Topics.InventoryCommands, ReserveStock.Type, IsOurs)?.Key)),
            new("reservation", Store, "inventory.events key", Id(reserved?.Key)),
            new("payment", Store, "payment.commands key", Id(Find(Topics.PaymentCommands, ChargePayment.Type, IsOurs)?.Key)),
            new("payment", Store, "payment.events key", Id(charged?.Key)),
            new("event users.user-registered", Store, "user.events ce_id", Id(registered?.EventId)),
            new("event orders.order-placed", Store, "order.events ce_id", Id(placed?.EventId)),
            new("event inventory.stock-reserved", Store, "inventory.events ce_id", Id(reserved?.EventId)),
            new("event payments.payment-charged", Store, "payment.events ce_id", Id(charged?.EventId)),
            new("event orders.order-confirmed", Store, "order.events ce_id", Id(confirmed?.EventId)),
            new("notification", Store, "notification.events key", Id(sent?.Key)),
            new("event notifications.notification-sent", Store, "notification.events ce_id", Id(sent?.EventId)),
        ];

        Message? Find(string topic, string type, Func<JsonElement, bool> where) =>
            messages.FirstOrDefault(message => message.Topic == topic && message.Type == type && where(message.Data));
    }

    private sealed record Message(string Topic, string? Type, string? Key, string? EventId, JsonElement Data);

    /// <summary>Returns the events. Tombstones and foreign messages are skipped, as in the consumers.</summary>
    private static List<Message> ReadNewest(string bootstrapServers, CancellationToken cancellationToken)
    {
        var events = new List<Message>();
        foreach (var (topic, message) in KafkaTopics.Read(bootstrapServers, TopicNames, NewestPerPartition, cancellationToken)
            .Select(read => (read.Topic, read.Message)))
        {
            if (KafkaTopics.Header(message, "ce_type") is { } type && message.Value is { } value
                && Parse(value) is { ValueKind: JsonValueKind.Object } data)
                events.Add(
                    new(
                        topic, type, message.Key is { } key ? Encoding.UTF8.GetString(key) : null, KafkaTopics.Header(message, "ce_id"),
                        data));
        }
        return events;
    }

    private static JsonElement? Parse(byte[] value)
    {
        try
        {
            return JsonElement.Parse(value);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement data, string name) =>
        data.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    private static string? Value(JsonElement? data, string name) => data is { } element ? Text(element, name) : null;

    private static Guid? Id(string? text) => Forge.Uuid.TryParse(text, out var id) ? id : null;
}

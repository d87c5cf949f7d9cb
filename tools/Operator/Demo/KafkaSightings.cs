using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using ForgeShop.Contracts.Events;

namespace ForgeShop.Operator.Demo;

/// <summary>Reads the topics directly, from every partition, with no consumer group that would leave a trace.</summary>
internal static class KafkaSightings
{
    private const string Store = "Kafka";
    private const int NewestPerPartition = 5_000;
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(20);
    private static readonly string[] TopicNames = 
    [
        Topics.UserEvents, Topics.OrderEvents, Topics.InventoryCommands, Topics.InventoryEvents, Topics.PaymentCommands, Topics.PaymentEvents, Topics.NotificationEvents,
    ];

    public static List<Sighting> Read(string bootstrapServers, DemoStory story, CancellationToken cancellationToken)
    {
        var messages = ReadNewest(bootstrapServers, cancellationToken);
        var placed = Find(Topics.OrderEvents, OrderPlaced.Type, data => Text(data, "reference") == story.Key);
        var registered = Find(Topics.UserEvents, UserRegistered.Type, data => Text(data, "email") == story.Email);
        var sent = Find(Topics.NotificationEvents, NotificationSent.Type, data => Text(data, "reference") == Value(placed?.Data, "orderId") && Text(data, "kind") == DemoStory.Notice);
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
            new("product", Store, "order.events productId", Id(placed is null ? null : Text(placed.Data.GetProperty("items")[0], "productId"))),
            new("order", Store, "order.events key", Id(placed?.Key)),
            new("order line", Store, "order.events lineId", Id(placed is null ? null : Text(placed.Data.GetProperty("items")[0], "lineId"))),
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

    private static List<Message> ReadNewest(string bootstrapServers, CancellationToken cancellationToken)
    {
        var config = new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = "forge-demo", EnableAutoCommit = false, EnablePartitionEof = true };
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).Build();
        using var consumer = new ConsumerBuilder<string, byte[]>(config).Build();
        var open = new HashSet<TopicPartition>();
        var starts = new List<TopicPartitionOffset>();
        foreach (var topic in TopicNames)
        {
            foreach (var partition in admin.GetMetadata(topic, ReadTimeout).Topics.Single().Partitions.Select(p => new TopicPartition(topic, p.PartitionId)))
            {
                var range = consumer.QueryWatermarkOffsets(partition, ReadTimeout);
                if (range.High.Value > range.Low.Value && open.Add(partition))
                    starts.Add(new TopicPartitionOffset(partition, Math.Max(range.Low.Value, range.High.Value - NewestPerPartition)));
            }
        }

        consumer.Assign(starts);
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ReadTimeout);
        var messages = new List<Message>();
        while (open.Count > 0)
        {
            var result = consumer.Consume(timeout.Token);
            if (result.IsPartitionEOF)
                open.Remove(result.TopicPartition);
            else
                messages.Add(new(result.Topic, Header(result, "ce_type"), result.Message.Key, Header(result, "ce_id"), JsonSerializer.Deserialize<JsonElement>(result.Message.Value)));
        }

        return messages;
    }

    private static string? Header(ConsumeResult<string, byte[]> result, string name) =>
        result.Message.Headers.TryGetLastBytes(name, out var value) ? Encoding.UTF8.GetString(value) : null;

    private static string? Text(JsonElement data, string name) => data.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string? Value(JsonElement? data, string name) => data is { } element ? Text(element, name) : null;

    private static Guid? Id(string? text) => Forge.Uuid.TryParse(text, out var id) ? id : null;
}

global using KafkaMessage = Confluent.Kafka.ConsumeResult<byte[]?, byte[]?>;

namespace ForgeShop.Messaging;

/// <summary>A message that a handler takes.</summary>
internal sealed class IncomingMessage(EventContext context, object data, Subscription subscription)
{
    public EventContext Context { get; private set; } = context;

    public object Data => data;

    public Subscription Subscription => subscription;

    /// <summary>Starts the span of handling the message; what the handler emits belongs to it.</summary>
    public Activity? StartSpan(string group)
    {
        var span = MessagingTelemetry.StartProcess(Context, group);
        Context = Context with { Cause = Context.Cause.Under(span) };
        return span;
    }

    /// <summary>
    /// Reads a message with its data. Returns null if the service does not handle it: a type without a handler, a tombstone, a foreign
    /// message, or a copy that an operator retries for another consumer group.
    /// </summary>
    /// <exception cref="UnreadableMessageException">No further attempt can make it readable.</exception>
    public static IncomingMessage? Read(KafkaMessage consumed, string cluster, MessagingModel model, ForgeIds ids)
    {
        var message = consumed.Message;
        var type = message.Value is null ? null : CloudEvents.Text(message, "ce_type");
        if (type is null || model.Find(consumed.Topic, type) is not { } subscription)
            return null;
        if (CloudEvents.Text(message, DeadLetterHeaders.Group) is { } group && group != model.Service)
            return null;
        var context = CloudEvents.Read(consumed, cluster, ids);
        try
        {
            return new(context, subscription.Read(JsonElement.Parse(message.Value!), context.DataVersion), subscription);
        }
        catch (Exception exception)
        {
            // Whatever the reason is, it depends on nothing but the message.
            throw new UnreadableMessageException($"the data is no {type}: {exception.Message}");
        }
    }
}

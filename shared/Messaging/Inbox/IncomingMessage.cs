global using KafkaMessage = Confluent.Kafka.ConsumeResult<byte[]?, byte[]?>;

namespace ForgeShop.Messaging;

/// <summary>A message that a handler takes.</summary>
internal sealed class IncomingMessage(EventContext context, object data, IReadOnlyList<Subscription> subscriptions)
{
    public EventContext Context { get; private set; } = context;

    /// <summary>The event, or the <see cref="EventEnvelope"/>.</summary>
    public object Data => data;

    public IReadOnlyList<Subscription> Subscriptions => subscriptions;

    /// <summary>Starts the span of handling the message; what the handler emits belongs to it.</summary>
    public Activity? StartSpan(string group)
    {
        var span = MessagingTelemetry.StartProcess(Context, group);
        Context = span is null ? Context : Context with { TraceParent = span.Id, TraceState = span.TraceStateString };
        return span;
    }
}

/// <summary>A handler of one type of event, or of all events of a topic.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Type">The type; null for every type.</param>
/// <param name="Parse">Converts the envelope into what the handler takes.</param>
/// <param name="HandleAsync">Calls the handler with messages of that type.</param>
internal sealed record Subscription(
    string Topic, string? Type, Func<EventEnvelope, object> Parse,
    Func<IServiceProvider, IReadOnlyList<IncomingMessage>, CancellationToken, Task> HandleAsync)
{
    public static Subscription Single<TEvent, THandler>() where TEvent : IEventData where THandler : class, IEventHandler<TEvent> =>
        new(TEvent.Topic, TEvent.Type, Read<TEvent>, async (services, messages, token) =>
        {
            var handler = services.GetRequiredService<THandler>();
            foreach (var message in messages)
                await handler.HandleAsync((TEvent)message.Data, message.Context, token);
        });

    public static Subscription Batch<TEvent, THandler>() where TEvent : IEventData where THandler : class, IBatchHandler<TEvent> =>
        new(TEvent.Topic, TEvent.Type, Read<TEvent>, (services, messages, token) =>
            services.GetRequiredService<THandler>().HandleAsync(
                [.. messages.Select(message => new Received<TEvent>((TEvent)message.Data, message.Context))], token));

    public static Subscription All<THandler>(string topic) where THandler : class, IEnvelopeHandler =>
        new(topic, null, envelope => envelope, (services, messages, token) =>
            services.GetRequiredService<THandler>().HandleAsync([.. messages.Select(message => (EventEnvelope)message.Data)], token));

    private static object Read<TEvent>(EventEnvelope envelope) where TEvent : IEventData =>
        EventData.Read<TEvent>(envelope.Data, envelope.DataVersion);
}

/// <summary>Everything that a service handles.</summary>
internal sealed class Subscriptions(IEnumerable<Subscription> all, TimeSpan gatherTime)
{
    private readonly ILookup<string, Subscription> _byTopic = all.ToLookup(subscription => subscription.Topic);

    /// <summary>Gets the time for which a batch waits for further messages.</summary>
    public TimeSpan GatherTime => gatherTime;

    public IReadOnlyList<string> Topics => [.. _byTopic.Select(topic => topic.Key)];

    public IReadOnlyList<Subscription> For(string topic, string type) =>
        [.. _byTopic[topic].Where(subscription => subscription.Type is null || subscription.Type == type)];
}

/// <summary>Reads the messages that the service handles.</summary>
internal sealed class MessageReader(Subscriptions subscriptions, ServiceName service, ForgeIds ids)
{
    /// <summary>
    /// Returns the message with its data; null if the service does not handle it: a type without a handler, a tombstone, a foreign message,
    /// or a copy that an operator retries for another consumer group.
    /// </summary>
    /// <exception cref="UnreadableMessageException">No further attempt can make it readable.</exception>
    public IncomingMessage? Read(KafkaMessage consumed, string cluster)
    {
        var message = consumed.Message;
        if (CloudEvents.TypeOf(message) is not { } type || subscriptions.For(consumed.Topic, type) is not { Count: > 0 } handlers)
            return null;
        if (CloudEvents.Text(message, DeadLetterHeaders.Group) is { } group && group != service.Value)
            return null;
        var context = CloudEvents.Read(consumed, cluster, ids);
        try
        {
            return new(context, handlers[0].Parse(new EventEnvelope(context, JsonElement.Parse(message.Value))), handlers);
        }
        catch (Exception exception)
        {
            // Whatever the reason is, it depends on nothing but the message.
            throw new UnreadableMessageException($"the data is no {type}: {exception.Message}");
        }
    }
}

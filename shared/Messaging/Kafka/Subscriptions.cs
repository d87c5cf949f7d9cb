using System.Text.Json;
using ForgeShop.Contracts.Events;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Messaging.Kafka;

/// <summary>One handler of one type of event, or of all events of a topic.</summary>
/// <param name="Type">Null: every type.</param>
/// <param name="Parse">From the message to what the handler takes.</param>
internal sealed record Subscription(
    string Topic, string? Type, Func<EventEnvelope, object> Parse, Func<IServiceProvider, object, EventContext, CancellationToken, Task> Handle)
{
    public static Subscription To<TEvent, THandler>() where TEvent : IEventData where THandler : class, IEventHandler<TEvent> => new(
        TEvent.Topic,
        TEvent.Type,
        ParseData<TEvent>,
        (services, data, context, token) => services.GetRequiredService<THandler>().HandleAsync((TEvent)data, context, token));

    public static Subscription ToAll<THandler>(string topic) where THandler : class, IEventEnvelopeHandler => new(
        topic,
        null,
        envelope => envelope,
        (services, data, _, token) => services.GetRequiredService<THandler>().HandleAsync((EventEnvelope)data, token));

    private static object ParseData<TEvent>(EventEnvelope envelope) where TEvent : IEventData
    {
        try
        {
            return EventData.Read<TEvent>(envelope.Data, envelope.DataVersion);
        }
        catch (JsonException exception)
        {
            throw new UnreadableMessageException($"the data is no {TEvent.Type} (at {exception.Path ?? "its start"})");
        }
    }
}

/// <summary>Everything that a service handles.</summary>
internal sealed class Subscriptions
{
    private readonly ILookup<string, Subscription> _byTopic;

    public Subscriptions(IEnumerable<Subscription> all)
    {
        _byTopic = all.ToLookup(subscription => subscription.Topic);
        Topics = [.. _byTopic.Select(topic => topic.Key)];
    }

    public IReadOnlyList<string> Topics { get; }

    public IReadOnlyList<Subscription> For(EventContext context) =>
        [.. _byTopic[context.Topic].Where(subscription => subscription.Type is null || subscription.Type == context.Type)];
}

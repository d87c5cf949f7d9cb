using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>Handles messages in a service as its consumer does, with the service's own inbox and handlers, but without Kafka.</summary>
public static class Handling
{
    // A service has few consumers. Many batches at a time would wait for its pool of twelve connections, and not for each other.
    private static readonly SemaphoreSlim Consumers = new(8);

    /// <summary>Handles a message that has not been delivered before.</summary>
    public static Task Handle<TService, TMessage>(this RunningService<TService> service, Guid subject, TMessage message)
        where TService : class where TMessage : IEventData => service.HandleBatch(Delivery.New(subject, message));

    /// <summary>Handles messages as one batch: in one transaction, in this order.</summary>
    public static async Task HandleBatch<TService>(this RunningService<TService> service, params IEnumerable<Delivery> messages)
        where TService : class
    {
        var model = service.Services.GetRequiredService<MessagingModel>();
        await Consumers.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            await service.Services.GetRequiredService<InboxProcessor>().ProcessAsync(
                [.. messages.Select(message => new IncomingMessage(
                    message.Context, message.Data, model.Find(message.Context.Topic, message.Context.Type)!))],
                TestContext.Current.CancellationToken);
        }
        finally
        {
            Consumers.Release();
        }
    }
}

/// <summary>A message as a consumer receives it. To deliver the same object again is a redelivery of the same event.</summary>
public sealed record Delivery(EventContext Context, object Data)
{
    private static readonly ForgeIds Ids = new();
    private static long _lastSequence;

    /// <summary>Creates a message with an event ID of its own, unless <paramref name="sequence"/> is that of another.</summary>
    public static Delivery New<TMessage>(Guid subject, TMessage data, long? sequence = null) where TMessage : IEventData
    {
        var number = sequence ?? Interlocked.Increment(ref _lastSequence);
        var context = new EventContext(
            Ids.Event(subject, TMessage.Type, number), TMessage.Type, "/tests", subject, number, TimeProvider.System.GetUtcNow(),
            TMessage.DataVersion, MessageOrigin.None, TMessage.Topic, default);
        return new(context, data);
    }
}

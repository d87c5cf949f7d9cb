using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>Calls a service's own handler in a transaction, as the inbox does, without Kafka.</summary>
public static class Handling
{
    private static readonly ForgeIds Ids = new();

    public static Task Handle<TContext, TMessage>(this RunningService<TContext> service, Guid subject, TMessage message)
        where TContext : DbContext where TMessage : IEventData => service.HandleBatch((subject, message));

    public static Task HandleBatch<TContext, TMessage>(this RunningService<TContext> service, params (Guid Subject, TMessage Message)[] messages)
        where TContext : DbContext where TMessage : IEventData => service.InScope<IServiceProvider, bool>(async scope =>
    {
        var type = typeof(TContext).Assembly.GetTypes().Single(type => type.IsAssignableTo(typeof(IBatchHandler<TMessage>)));
        var handler = (IBatchHandler<TMessage>)scope.GetRequiredService(type);
        var events = messages.Select(message => new Received<TMessage>(message.Message, Context<TMessage>(message.Subject))).ToList();
        return await scope.GetRequiredService<TContext>().InTransactionAsync(async token =>
        {
            await handler.HandleAsync(events, token);
            return true;
        }, TestContext.Current.CancellationToken);
    });

    private static EventContext Context<TMessage>(Guid subject) where TMessage : IEventData => new()
    {
        Id = Ids.Event(subject, TMessage.Type, 1), Type = TMessage.Type, Source = "/tests", Subject = subject, Sequence = 1,
        Time = DateTimeOffset.UtcNow, DataVersion = TMessage.DataVersion, Topic = TMessage.Topic, Position = new($"{TMessage.Topic}-0@tests", 0),
    };
}

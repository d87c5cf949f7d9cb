using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Messaging;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace ForgeShop.Services.Tests;

/// <summary>Hands a message to a service's own handler, in a transaction as the inbox does, without the way through Kafka: for tests of what handlers do at once.</summary>
public static class Handling
{
    private static readonly ForgeIds Ids = new();

    public static Task Handle<TContext, TMessage>(this RunningService<TContext> service, Guid subject, TMessage message)
        where TContext : DbContext where TMessage : IEventData => service.InScope<IServiceProvider, bool>(async scope =>
    {
        var type = typeof(TContext).Assembly.GetTypes().Single(type => type.IsAssignableTo(typeof(IEventHandler<TMessage>)));
        var handler = (IEventHandler<TMessage>)scope.GetRequiredService(type);
        return await scope.GetRequiredService<TContext>().InTransactionAsync(async token =>
        {
            await handler.HandleAsync(message, Context<TMessage>(subject), token);
            return true;
        }, TestContext.Current.CancellationToken);
    });

    private static EventContext Context<TMessage>(Guid subject) where TMessage : IEventData => new()
    {
        Id = Ids.Event(subject, TMessage.Type, 1), Type = TMessage.Type, Source = "/tests", Subject = subject, Sequence = 1,
        Time = DateTimeOffset.UtcNow, DataVersion = TMessage.DataVersion, Topic = TMessage.Topic,
    };
}

using ForgeShop.Contracts.Events;
using ForgeShop.Messaging.Kafka;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ForgeShop.Messaging;

/// <summary>Says where a service keeps its outbox and inbox, and what it handles.</summary>
public sealed class MessagingBuilder
{
    internal MessagingBuilder(IServiceCollection services) => Services = services;

    public IServiceCollection Services { get; }

    internal List<Subscription> Subscriptions { get; } = [];

    internal bool HasStore { get; private set; }

    internal bool HasOutbox { get; private set; }

    /// <summary>Outbox and inbox are tables of <typeparamref name="TContext"/>, see <see cref="ModelBuilderExtensions.AddMessaging"/>.</summary>
    public MessagingBuilder UseEntityFramework<TContext>() where TContext : DbContext
    {
        Claim();
        HasOutbox = true;
        Services.AddSingleton<OutboxSignalInterceptor>();
        Services.ConfigureDbContext<TContext>((services, options) => options.AddInterceptors(services.GetRequiredService<OutboxSignalInterceptor>()));
        Services.AddSingleton<IOutboxStore, EntityFrameworkOutbox<TContext>>();
        Services.AddSingleton<IInboxStore, EntityFrameworkInbox<TContext>>();
        return this;
    }

    /// <summary>The effects are documents, and the service publishes nothing.</summary>
    public MessagingBuilder UseDocuments()
    {
        Claim();
        Services.AddSingleton<IInboxStore, DocumentInbox>();
        return this;
    }

    /// <summary>
    /// The effects are documents, and what the service publishes lies inside documents of type <typeparamref name="TDocument"/>, whose
    /// collection declares the fields of <see cref="EventFields"/>.
    /// </summary>
    public MessagingBuilder UseDocuments<TDocument>() where TDocument : class, IEventDocument
    {
        UseDocuments();
        HasOutbox = true;
        Services.AddSingleton<IOutboxStore, DocumentOutboxStore<TDocument>>();
        Services.AddSingleton<DocumentOutbox>(services => new(services.GetRequiredService<OutboxWriter>(), services.GetRequiredService<OutboxSignal>()));
        return this;
    }

    /// <summary>Handles a type of event; its topic is the type's.</summary>
    public MessagingBuilder Handle<TEvent, THandler>() where TEvent : IEventData where THandler : class, IEventHandler<TEvent>
    {
        Services.TryAddScoped<THandler>();
        Subscriptions.Add(Subscription.To<TEvent, THandler>());
        return this;
    }

    /// <summary>Handles every event of <paramref name="topics"/>, besides the handlers of single types.</summary>
    public MessagingBuilder HandleAll<THandler>(params string[] topics) where THandler : class, IEventEnvelopeHandler
    {
        ArgumentOutOfRangeException.ThrowIfZero(topics.Length);
        Services.TryAddScoped<THandler>();
        Subscriptions.AddRange(topics.Select(Subscription.ToAll<THandler>));
        return this;
    }

    private void Claim()
    {
        if (HasStore)
            throw new InvalidOperationException("A service has one outbox and inbox: call UseEntityFramework or UseDocuments once.");
        HasStore = true;
    }
}

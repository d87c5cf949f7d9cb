namespace ForgeShop.Messaging;

/// <summary>Declares the store, the handlers and the published topics of a service.</summary>
public sealed class MessagingBuilder
{
    internal MessagingBuilder(IServiceCollection services) => Services = services;

    internal IServiceCollection Services { get; }

    internal List<Subscription> Subscriptions { get; } = [];

    internal HashSet<string> Topics { get; } = [];

    internal TimeSpan GatherTime { get; private set; }

    /// <summary>Adds the tables to the audit when all subscriptions are declared; null without tables.</summary>
    internal Action<IReadOnlyList<Subscription>>? AddAudit { get; private set; }

    /// <summary>
    /// Keeps outbox and inbox in tables of <typeparamref name="TContext"/>, see <see cref="ModelBuilderExtensions.AddMessaging"/>.
    /// </summary>
    public MessagingBuilder UseEntityFramework<TContext>() where TContext : DbContext
    {
        Services.AddAfterCommit<TContext>();
        Services.AddSingleton<OutboxWriter>();
        Services.ConfigureDbContext<TContext>((services, options) => options.AddInterceptors(services.GetRequiredService<OutboxWriter>()));
        Services.AddSingleton(services =>
        {
            using var scope = services.CreateScope();
            return new OutboxDatabase(scope.ServiceProvider.GetRequiredService<TContext>().Database.GetConnectionString()!);
        });
        Services.AddSingleton<IHostedService, OutboxRelay>();
        Services.AddSingleton<IBatchProcessor, InboxProcessor<TContext>>();
        AddAudit = Services.AddMessagingAudit<TContext>;
        return this;
    }

    /// <summary>Declares topics that the service publishes to, so that they are created at start.</summary>
    public MessagingBuilder Publish(params string[] topics)
    {
        Topics.UnionWith(topics);
        return this;
    }

    /// <summary>Handles a type of event, one at a time; its topic is the type's.</summary>
    public MessagingBuilder Handle<TEvent, THandler>() where TEvent : IEventData where THandler : class, IEventHandler<TEvent> =>
        Add<THandler>(Subscription.Single<TEvent, THandler>());

    /// <summary>Handles a type of event in batches; its topic is the type's.</summary>
    public MessagingBuilder HandleBatch<TEvent, THandler>() where TEvent : IEventData where THandler : class, IBatchHandler<TEvent> =>
        Add<THandler>(Subscription.Batch<TEvent, THandler>());

    /// <summary>Handles every event of <paramref name="topics"/> without an inbox, in a store of the handler's own.</summary>
    /// <param name="isTransient">Returns whether the store is at fault. Then the partition waits, and no attempt is counted.</param>
    /// <param name="topics">The topics.</param>
    public MessagingBuilder HandleAll<THandler>(Func<Exception, bool> isTransient, params string[] topics)
        where THandler : class, IEnvelopeHandler
    {
        Services.AddSingleton<IBatchProcessor>(services => ActivatorUtilities.CreateInstance<EnvelopeProcessor>(services, isTransient));
        foreach (var topic in topics)
            Add<THandler>(Subscription.All<THandler>(topic));
        return this;
    }

    /// <summary>
    /// Handles fewer and larger batches: after the first message of a batch, waits for further ones for up to this time. For a service whose
    /// effects no other service waits for. The default is zero.
    /// </summary>
    public MessagingBuilder Gather(TimeSpan time)
    {
        GatherTime = time;
        return this;
    }

    private MessagingBuilder Add<THandler>(Subscription subscription) where THandler : class
    {
        Services.TryAddScoped<THandler>();
        Subscriptions.Add(subscription);
        Topics.Add(subscription.Topic);
        return this;
    }
}

namespace ForgeShop.Messaging;

/// <summary>The store, the handlers and the published topics of a service.</summary>
public sealed class MessagingModel
{
    private readonly IServiceCollection _services;
    private readonly Dictionary<(string Topic, string? Type), Subscription> _subscriptions = [];

    private Type? _store;

    internal MessagingModel(IServiceCollection services, string service) => (_services, Service) = (services, service);

    /// <summary>Gets the service's name: its consumer group.</summary>
    internal string Service { get; }

    /// <summary>Gets the CloudEvents source of the service's messages.</summary>
    internal string Source => "/" + Service;

    /// <summary>Gets the topics that the service publishes to or reads.</summary>
    internal HashSet<string> Topics { get; } = [];

    /// <summary>Gets what the service handles; a type is null for every type.</summary>
    public IReadOnlyCollection<(string Topic, string? Type)> Handled => _subscriptions.Keys;

    internal TimeSpan GatherTime { get; private set; }

    /// <summary>Gets whether an exception is the store's fault. Then the partition waits, and no attempt is counted.</summary>
    internal Func<Exception, bool> IsTransient { get; private set; } = TransientPostgresErrors.Contains;

    /// <summary>Keeps outbox and inbox in tables of the context, see <see cref="ModelBuilderExtensions.AddMessaging"/>.</summary>
    public MessagingModel UseEntityFramework<TContext>() where TContext : DbContext
    {
        _store = typeof(TContext);
        _services.AddAfterCommit<TContext>();
        _services.AddSingleton<OutboxWriter>();
        _services.ConfigureDbContext<TContext>((services, options) => options.AddInterceptors(services.GetRequiredService<OutboxWriter>()));
        _services.AddPollingWorker<OutboxRelay>();
        return this;
    }

    /// <summary>Declares topics that the service publishes to, so that they are created at start.</summary>
    public MessagingModel Publish(params string[] topics)
    {
        Topics.UnionWith(topics);
        return this;
    }

    /// <summary>Handles a type of event; its topic is the type's. A type has one handler in a service.</summary>
    public MessagingModel Handle<TEvent, THandler>() where TEvent : IEventData where THandler : class, IBatchHandler<TEvent> =>
        Add(TEvent.Topic, TEvent.Type, Subscription.Of<TEvent, THandler>(EventData.Read<TEvent>));

    /// <summary>
    /// Handles every event of <paramref name="topics"/>, whatever its type, without an inbox and in a store of the handler's own: an event
    /// may arrive again, so the effect must be idempotent by itself. The events of a partition come in the order of its log.
    /// </summary>
    /// <param name="isTransient">Returns whether the store is at fault. Then the partition waits, and no attempt is counted.</param>
    public MessagingModel HandleAll<THandler>(Func<Exception, bool> isTransient, params string[] topics)
        where THandler : class, IBatchHandler<JsonElement>
    {
        IsTransient = isTransient;
        var subscription = Subscription.Of<JsonElement, THandler>((data, _) => data);
        foreach (var topic in topics)
            Add(topic, null, subscription);
        return this;
    }

    /// <summary>
    /// Handles fewer and larger batches: after the first message of a batch, waits for further ones for up to this time (default: zero).
    /// For a service whose effects no other service waits for.
    /// </summary>
    public MessagingModel Gather(TimeSpan time)
    {
        GatherTime = time;
        return this;
    }

    /// <summary>Returns the context with outbox and inbox; null if the service has none.</summary>
    internal DbContext? OpenStore(IServiceProvider services) => _store is null ? null : (DbContext)services.GetRequiredService(_store);

    /// <summary>Returns the subscription that takes a type of a topic; null if there is none.</summary>
    internal Subscription? Find(string topic, string type) =>
        _subscriptions.GetValueOrDefault((topic, type)) ?? _subscriptions.GetValueOrDefault((topic, null));

    private MessagingModel Add(string topic, string? type, Subscription subscription)
    {
        _services.TryAddScoped(subscription.Handler);
        _subscriptions.Add((topic, type), subscription);
        Topics.Add(topic);
        return this;
    }
}

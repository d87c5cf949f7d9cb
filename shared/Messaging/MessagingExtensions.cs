namespace ForgeShop.Messaging;

public static class MessagingExtensions
{
    /// <summary>
    /// Adds the outbox with its relay, and consumers for what the service handles. Configured by <see cref="MessagingOptions"/> and
    /// <see cref="KafkaSettings"/>.
    /// </summary>
    /// <param name="service">The service's name: its consumer group, and the CloudEvents source (<c>/orders</c>) of its messages.</param>
    /// <param name="declare">Declares the store, the handlers and the published topics.</param>
    public static IHostApplicationBuilder AddMessaging(
        this IHostApplicationBuilder builder, string service, Action<MessagingModel> declare)
    {
        var services = builder.Services;
        services.AddOptions<MessagingOptions>()
            .BindConfiguration("Messaging")
            .ValidateDataAnnotations()
            .Validate(options => options.MinBackoff <= options.MaxBackoff, "Messaging:MinBackoff is longer than Messaging:MaxBackoff.")
            .Validate(
                options => options.OutboxRetention <= options.InboxRetention,
                "Messaging:OutboxRetention is longer than Messaging:InboxRetention: a replay would be handled twice.")
            .Validate<IConfiguration>(
                (_, configuration) => !string.IsNullOrWhiteSpace(configuration.GetConnectionString("kafka")),
                "There is no connection string for Kafka: set ConnectionStrings:kafka.")
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => new KafkaSettings(provider.GetRequiredService<IConfiguration>(), service));
        services.AddSingleton<MessagingMetrics>();
        services.AddSingleton<KafkaPublisher>();
        services.AddSingleton<TopicProvisioner>();
        services.AddHealthChecks().AddCheck<MessagingHealth>("messaging", HealthStatus.Degraded);

        var model = new MessagingModel(services, service);
        services.AddSingleton(model);
        declare(model);
        if (model.Handled.Count == 0)
            return builder;
        services.AddSingleton<InboxProcessor>();
        services.AddSingleton<DeadLetters>();
        for (var i = builder.Configuration.GetValue("Messaging:Consumers", 1); i > 0; i--)
            services.AddSingleton<IHostedService, EventConsumer>();
        return builder;
    }
}

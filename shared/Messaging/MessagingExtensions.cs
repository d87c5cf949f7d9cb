using ForgeShop.Messaging.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Messaging;

public static class MessagingExtensions
{
    /// <summary>
    /// Adds the outbox with its relay, and a consumer for what the service handles. Kafka is where <c>ConnectionStrings:kafka</c> says; the
    /// rest of <see cref="MessagingOptions"/> comes from the section <c>Messaging</c>.
    /// </summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="service">The service's name: consumer group, and CloudEvents source (<c>/orders</c>) of what it publishes.</param>
    /// <param name="configure">Where outbox and inbox are, and what is handled.</param>
    public static IHostApplicationBuilder AddMessaging(this IHostApplicationBuilder builder, string service, Action<MessagingBuilder> configure)
    {
        var messaging = new MessagingBuilder(builder.Services);
        configure(messaging);
        if (!messaging.HasStore)
            throw new InvalidOperationException("Say where outbox and inbox are: UseEntityFramework or UseDocuments.");

        builder.Services.AddOptions<MessagingOptions>()
            .BindConfiguration("Messaging")
            .Configure(options => options.BootstrapServers = builder.Configuration.GetConnectionString("kafka") ?? options.BootstrapServers)
            .ValidateDataAnnotations()
            .Validate(options => options.BootstrapServers.Length > 0, "There is no connection string for Kafka: set ConnectionStrings:kafka.")
            .Validate(options => options.MinBackoff <= options.MaxBackoff, "Messaging:MinBackoff is longer than Messaging:MaxBackoff.")
            .ValidateOnStart();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new ServiceName(service));
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<OutboxWriter>();
        builder.Services.AddSingleton<KafkaSettings>();
        builder.Services.AddSingleton<KafkaStatus>();
        builder.Services.AddSingleton<LogProbe>();
        builder.Services.AddSingleton<MessagingMetrics>();
        builder.Services.AddHealthChecks().AddCheck<KafkaHealthCheck>("kafka", HealthStatus.Degraded);
        if (messaging.HasOutbox)
            builder.Services.AddHostedService<OutboxRelay>();
        if (messaging.Subscriptions.Count > 0)
            AddConsumer(builder.Services, new Subscriptions(messaging.Subscriptions));
        return builder;
    }

    private static void AddConsumer(IServiceCollection services, Subscriptions subscriptions)
    {
        services.AddSingleton(subscriptions);
        services.AddSingleton<DeadLetters>();
        services.AddSingleton<MessageProcessor>();
        services.AddSingleton<ParkedStreams>();
        services.AddHealthChecks().AddCheck<InboxHealthCheck>("inbox", HealthStatus.Degraded);
        services.AddSingleton<ConsumerParts>();
        services.AddHostedService<EventConsumer>();
    }
}

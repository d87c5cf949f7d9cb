using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.Messaging;

public static class MessagingExtensions
{
    /// <summary>
    /// Adds the outbox with its relay, and a consumer for what the service handles. Kafka is where <c>ConnectionStrings:kafka</c> says.
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
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new ServiceName(service));
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<OutboxWriter>();
        return builder;
    }
}

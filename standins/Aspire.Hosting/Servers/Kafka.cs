using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public class KafkaServerResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    public EndpointReference PrimaryEndpoint => new(this, "tcp");

    public ReferenceExpression ConnectionStringExpression => ReferenceExpression.Of(() => $"{PrimaryEndpoint.Host}:{PrimaryEndpoint.Port}");

    IEnumerable<KeyValuePair<string, ReferenceExpression>> IResourceWithConnectionString.GetConnectionProperties() =>
    [
        new("Host", ReferenceExpression.Of(() => PrimaryEndpoint.Host)),
        new("Port", ReferenceExpression.Of(() => $"{PrimaryEndpoint.Port}")),
    ];
}

public static class KafkaBuilderExtensions
{
    public static IResourceBuilder<KafkaServerResource> AddKafka(this IDistributedApplicationBuilder builder, string name, int? port = null) =>
        builder
            .AddResource(new KafkaServerResource(name))
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, port: port, targetPort: 9092));

    /// <summary>Asked for, and not given: the broker under this stand-in keeps its messages in memory.</summary>
    public static IResourceBuilder<KafkaServerResource> WithDataVolume(this IResourceBuilder<KafkaServerResource> builder, string? name = null, bool isReadOnly = false) =>
        builder;
}

using System.Buffers.Text;
using System.Security.Cryptography;
using Confluent.Kafka;

namespace Aspire.Hosting;

/// <summary>A Kafka broker. Names and behaviour are those of Aspire.Hosting.Kafka, which can take over by a change of reference.</summary>
public sealed class KafkaServerResource(string name) : ContainerResource(name), IResourceWithConnectionString
{
    internal const string PrimaryEndpointName = "tcp";
    internal const string InternalEndpointName = "internal";

    private EndpointReference? primaryEndpoint;
    private EndpointReference? internalEndpoint;

    /// <summary>Gets the endpoint for clients on the host.</summary>
    public EndpointReference PrimaryEndpoint =>
        primaryEndpoint ??= new(this, PrimaryEndpointName, KnownNetworkIdentifiers.LocalhostNetwork);

    /// <summary>Gets the endpoint for clients on the container network.</summary>
    public EndpointReference InternalEndpoint =>
        internalEndpoint ??= new(this, InternalEndpointName, KnownNetworkIdentifiers.DefaultAspireContainerNetwork);

    /// <summary>Gets the bootstrap servers, as <c>host:port</c>.</summary>
    public ReferenceExpression ConnectionStringExpression =>
        ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");
}

public static class KafkaBuilderExtensions
{
    private const int BrokerPort = 9092;
    private const int InternalPort = 9093;
    private const string DataFolder = "/var/lib/kafka/data";

    public static IResourceBuilder<KafkaServerResource> AddKafka(
        this IDistributedApplicationBuilder builder, [ResourceName] string name)
    {
        var kafka = new KafkaServerResource(name);
        string? bootstrapServers = null;
        builder.Eventing.Subscribe<ConnectionStringAvailableEvent>(
            kafka,
            async (_, cancellationToken) => bootstrapServers = await kafka.ConnectionStringExpression.GetValueAsync(cancellationToken));
        var check = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new(
            check,
            _ => new KafkaHealthCheck(bootstrapServers ?? throw new InvalidOperationException("The broker has no address yet.")),
            failureStatus: null, tags: null));

        return builder.AddResource(kafka)
            .WithEndpoint(targetPort: BrokerPort, name: KafkaServerResource.PrimaryEndpointName)
            .WithEndpoint(targetPort: InternalPort, name: KafkaServerResource.InternalEndpointName)
            .WithImage("apache/kafka", "4.3.1").WithImageRegistry("docker.io")
            .WithIconName("MailMultiple")
            .WithEnvironment(context => Configure(context.EnvironmentVariables, kafka))
            .WithHealthCheck(check);
    }

    /// <summary>Keeps the broker's log in a named volume.</summary>
    public static IResourceBuilder<KafkaServerResource> WithDataVolume(
        this IResourceBuilder<KafkaServerResource> builder, string name) => builder.WithVolume(name, DataFolder);

    private static void Configure(Dictionary<string, object> environment, KafkaServerResource kafka)
    {
        environment["KAFKA_NODE_ID"] = "1";
        environment["KAFKA_PROCESS_ROLES"] = "broker,controller";
        environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] = "1@localhost:29093";
        environment["KAFKA_CONTROLLER_LISTENER_NAMES"] = "CONTROLLER";
        environment["KAFKA_INTER_BROKER_LISTENER_NAME"] = "PLAINTEXT";
        environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] =
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT,PLAINTEXT_INTERNAL:PLAINTEXT";
        environment["KAFKA_LISTENERS"] =
            $"PLAINTEXT://localhost:29092,CONTROLLER://localhost:29093,PLAINTEXT_HOST://:{BrokerPort},PLAINTEXT_INTERNAL://:{InternalPort}";
        // A client connects to the address that the broker advertises on the listener of its connection.
        var outside = kafka.PrimaryEndpoint.Property(EndpointProperty.HostAndPort);
        var insidePort = kafka.InternalEndpoint.Property(EndpointProperty.TargetPort);
        environment["KAFKA_ADVERTISED_LISTENERS"] = ReferenceExpression.Create(
            $"PLAINTEXT://localhost:29092,PLAINTEXT_HOST://{outside},PLAINTEXT_INTERNAL://{kafka.Name}:{insidePort}");
        environment["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] = "1";
        environment["KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR"] = "1";
        environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] = "1";
        environment["KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS"] = "0";
        // A killed broker may register again only after its last session has timed out: with the default of 9 s that took 20 s, now 8.
        environment["KAFKA_BROKER_SESSION_TIMEOUT_MS"] = "3000";
        environment["KAFKA_BROKER_HEARTBEAT_INTERVAL_MS"] = "500";
        environment["KAFKA_NUM_PARTITIONS"] = "6";
        environment["KAFKA_LOG_DIRS"] = DataFolder;
        // The cluster ID of a new log; the image's default is the same for every log. An existing log keeps its ID.
        environment["CLUSTER_ID"] = NewClusterId();
    }

    /// <summary>Returns 16 random bytes in base64url (22 characters). As in Kafka's own IDs, the first is no hyphen.</summary>
    private static string NewClusterId() => $"F{Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(16))[1..]}";
}

/// <summary>Healthy when the broker answers a metadata request within two seconds.</summary>
internal sealed class KafkaHealthCheck(string bootstrapServers) : IHealthCheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var config = new AdminClientConfig { BootstrapServers = bootstrapServers, SocketTimeoutMs = (int)Timeout.TotalMilliseconds };
            // librdkafka prints connection errors; the result of the check contains them.
            using var client = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
            return client.GetMetadata(Timeout).Brokers.Count > 0
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy("The broker lists no broker in its metadata.");
        },
        cancellationToken);
}

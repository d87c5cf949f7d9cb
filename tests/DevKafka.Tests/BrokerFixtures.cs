using System.Net;
using System.Net.Sockets;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace ForgeShop.DevKafka.Tests;

/// <summary>A broker for the compatibility suites.</summary>
public interface IBrokerFixture
{
    /// <summary>Gets the bootstrap address.</summary>
    string Address { get; }
}

public sealed class DevKafkaFixture : IBrokerFixture, IAsyncLifetime
{
    private readonly DevKafkaProcess _process = new();

    public string Address => _process.Address;

    public async ValueTask InitializeAsync() => await _process.StartAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}

/// <summary>Apache Kafka in a container; the tests are skipped when no container engine answers.</summary>
public sealed class ApacheKafkaFixture : IBrokerFixture, IAsyncLifetime
{
    private const int ContainerPort = 29092;
    private readonly int _port = FreePort();
    private IContainer? _container;

    public string Address => _container is not null ? $"127.0.0.1:{_port}" : Skip();

    public async ValueTask InitializeAsync()
    {
        try
        {
            _container = new ContainerBuilder("apache/kafka:4.3.1")
                .WithPortBinding(_port, ContainerPort)
                .WithEnvironment("KAFKA_NODE_ID", "1")
                .WithEnvironment("KAFKA_PROCESS_ROLES", "broker,controller")
                .WithEnvironment("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093")
                .WithEnvironment("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
                .WithEnvironment("KAFKA_LISTENERS", $"PLAINTEXT://:9092,HOST://:{ContainerPort},CONTROLLER://:9093")
                .WithEnvironment("KAFKA_ADVERTISED_LISTENERS", $"PLAINTEXT://localhost:9092,HOST://127.0.0.1:{_port}")
                .WithEnvironment("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "PLAINTEXT:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT")
                .WithEnvironment("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1")
                .WithEnvironment("KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS", "0")
                .WithEnvironment("KAFKA_NUM_PARTITIONS", "6")
                .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("Kafka Server started"))
                .Build();
        }
        catch (DockerUnavailableException)
        {
            return;
        }

        await _container.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
            await _container.DisposeAsync();
    }

    private static string Skip()
    {
        Assert.Skip("No container engine answers; Apache Kafka cannot be started.");
        return string.Empty;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

[CollectionDefinition(Name)]
public sealed class ApacheKafkaCollection : ICollectionFixture<ApacheKafkaFixture>
{
    public const string Name = "Apache Kafka";
}

public sealed class DevKafkaCompatibilityTests(DevKafkaFixture broker) : CompatibilityTests(broker), IClassFixture<DevKafkaFixture>;

public sealed class DevKafkaGroupCompatibilityTests(DevKafkaFixture broker)
    : GroupCompatibilityTests(broker), IClassFixture<DevKafkaFixture>;

[Collection(ApacheKafkaCollection.Name)]
public sealed class ApacheKafkaCompatibilityTests(ApacheKafkaFixture broker) : CompatibilityTests(broker);

[Collection(ApacheKafkaCollection.Name)]
public sealed class ApacheKafkaGroupCompatibilityTests(ApacheKafkaFixture broker) : GroupCompatibilityTests(broker);

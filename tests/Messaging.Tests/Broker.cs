using System.Net;
using System.Net.Sockets;
using Testcontainers.Kafka;

namespace ForgeShop.Messaging.Tests;

/// <summary>A Kafka broker on a port that it keeps. Taken down and started again it is another, empty one.</summary>
/// <param name="partitions">Of every topic.</param>
public sealed class Broker(int partitions = 12) : IAsyncDisposable
{
    private readonly int _port = FreePort();
    private KafkaContainer? _container;

    public string Address => $"127.0.0.1:{_port}";

    public async Task StartAsync()
    {
        _container = new KafkaBuilder("confluentinc/cp-kafka:8.0.0")
            .WithPortBinding(_port, KafkaBuilder.KafkaPort)
            .WithEnvironment("KAFKA_NUM_PARTITIONS", $"{partitions}")
            .Build();
        await _container.StartAsync(TestContext.Current.CancellationToken);
    }

    public async Task StopAsync()
    {
        if (_container is not null)
            await _container.DisposeAsync();
        _container = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

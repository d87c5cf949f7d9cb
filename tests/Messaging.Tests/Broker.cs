using System.Net;
using System.Net.Sockets;
using Testcontainers.Kafka;

namespace ForgeShop.Messaging.Tests;

/// <summary>A Kafka broker on a port that it keeps. Taken down and started again it is another, empty one.</summary>
/// <param name="partitions">Of every topic.</param>
public sealed class Broker(int partitions = 12) : IAsyncDisposable
{
    private const int LowestPort = 10_000;
    private const int Ports = 5_000;
    private static int lastPort = Random.Shared.Next(Ports);

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

    /// <summary>
    /// Each port once, and below those that the kernel hands out: otherwise another server could get it while this broker is down, and our
    /// clients would talk to that one.
    /// </summary>
    private static int FreePort()
    {
        for (var attempt = 0; attempt < Ports; attempt++)
        {
            var port = LowestPort + (int)((uint)Interlocked.Increment(ref lastPort) % Ports);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
        throw new InvalidOperationException($"No port between {LowestPort} and {LowestPort + Ports - 1} is free.");
    }
}

using System.Diagnostics;
using ForgeShop.TestSupport.Native;
using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.Kafka;

namespace ForgeShop.TestSupport;

/// <summary>A Kafka broker that creates topics on first use. It keeps its port when it is stopped and started again.</summary>
/// <param name="partitions">The number of partitions of a new topic.</param>
public sealed class KafkaServer(int partitions = 12) : IAsyncDisposable
{
    private readonly int _port = FreePort.Next();
    private IServerHost? _host;

    /// <summary>Gets the broker's address, also while it is stopped.</summary>
    public string BootstrapServers => $"127.0.0.1:{_port}";

    /// <summary>Starts the broker with the log that it had when it was stopped.</summary>
    public Task StartAsync(CancellationToken cancellationToken) =>
        (_host ??= ServerMode.UsesContainers ? Container() : new NativeServer("Kafka", _port, Command)).StartAsync(cancellationToken);

    /// <summary>Stops the broker and keeps its log.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _host?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <summary>Replaces the broker by one with an empty log: no topics, no consumer groups.</summary>
    public async Task StartEmptyAsync(CancellationToken cancellationToken)
    {
        await DisposeAsync();
        await StartAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _host = null;
    }

    private ContainerHost Container() => new(new KafkaBuilder(Images.Kafka)
        .WithPortBinding(_port, KafkaBuilder.KafkaPort)
        .WithEnvironment("KAFKA_NUM_PARTITIONS", $"{partitions}")
        .WithEnvironment("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "true")
        // A broker lives for seconds here: less optimization halves the time that its start takes.
        .WithEnvironment("KAFKA_OPTS", "-XX:TieredStopAtLevel=1")
        // Testcontainers' command waits for its script and keeps a shell in front of Kafka. With exec, Kafka gets the SIGTERM of a stop.
        .WithCreateParameterModifier(create => create.Cmd =
            [$"while [ ! -f {KafkaBuilder.StartupScriptFilePath} ]; do sleep 0.1; done; exec {KafkaBuilder.StartupScriptFilePath}"])
        .WithLogger(NullLogger.Instance)
        .Build());

    private ProcessStartInfo Command(string folder) => new(
        Installation.Dotnet,
        [
            Path.Combine(AppContext.BaseDirectory, "ForgeShop.DevKafka.dll"), "--data", Path.Combine(folder, "data"),
            "--port", $"{_port}", "--partitions", $"{partitions}", "--auto-create-topics", "true",
        ]);
}

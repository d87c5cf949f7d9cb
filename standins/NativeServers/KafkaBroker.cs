using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>The Kafka broker of standins/KafkaBroker as a process of its own, on 127.0.0.1. It starts empty, always.</summary>
public sealed class KafkaBroker : INativeServer
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(5);

    private readonly DataFolder folder;

    private KafkaBroker(DataFolder folder, NativeProcess process, int port)
    {
        this.folder = folder;
        Process = process;
        Port = port;
    }

    public NativeProcess Process { get; }

    public int Port { get; }

    /// <summary>What Kafka clients call bootstrap.servers.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Starts the broker and returns when it answers a metadata request.</summary>
    public static async Task<KafkaBroker> StartAsync(KafkaBrokerOptions options, CancellationToken cancellationToken = default)
    {
        Prerequisites.Require(Prerequisites.ForKafka());
        var folder = await DataFolder.OpenAsync(options.DataFolder, null, options.Log, cancellationToken);
        NativeProcess? started = null;
        try
        {
            var (process, port) = await ServerStart.RunAsync(
                options.Port,
                async port =>
                {
                    var process = await NativeProcess.StartAsync(new NativeProcessOptions
                    {
                        FileName = DotNetProgram(),
                        Arguments = [Path.Combine(AppContext.BaseDirectory, "ForgeShop.StandIns.KafkaBroker.dll"), .. Arguments(port, options)],
                        Environment = new Dictionary<string, string?> { ["DOTNET_EnableDiagnostics"] = "0" }, // its sockets in /tmp would outlive a kill
                        OnLine = options.OnLine,
                    });
                    folder.Record(process);
                    return started = process;
                },
                // Only its own word tells that it got the port: until then another broker may answer there, and ours is about to fail.
                (port, token) => started!.LastLines.Any(line => line.StartsWith("ready:", StringComparison.Ordinal))
                    ? AskMetadataAsync(port, token)
                    : throw new IOException("the broker does not listen yet"),
                cancellationToken);
            return new KafkaBroker(folder, process, port);
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await Process.StopAsync(StopGrace, cancellationToken);
        folder.Forget();
        await folder.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Process.DisposeAsync();
    }

    private static IEnumerable<string> Arguments(int port, KafkaBrokerOptions options)
    {
        yield return "--port";
        yield return port.ToString(CultureInfo.InvariantCulture);
        yield return "--default-partitions";
        yield return options.DefaultPartitions.ToString(CultureInfo.InvariantCulture);
        if (options.Topics.Count > 0)
        {
            yield return "--topics";
            yield return string.Join(',', options.Topics.Select(topic => string.Create(CultureInfo.InvariantCulture, $"{topic.Key}:{topic.Value}")));
        }
    }

    /// <summary>The dotnet that runs us: ROOT/shared/Microsoft.NETCore.App/VERSION/ is where our runtime lies.</summary>
    private static string DotNetProgram()
    {
        var beside = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));
        return File.Exists(beside) ? beside : "dotnet";
    }

    /// <summary>A Metadata request (key 3, version 1) for no topic; the answer must name a broker.</summary>
    private static async Task AskMetadataAsync(int port, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(AnswerTimeout);
        await client.ConnectAsync(IPAddress.Loopback, port, timeout.Token);
        var stream = client.GetStream();
        await stream.WriteAsync(new byte[] { 0, 0, 0, 14, 0, 3, 0, 1, 0, 0, 0, 1, 0xFF, 0xFF, 0, 0, 0, 0 }, timeout.Token);
        var answer = new byte[12]; // length, correlation, number of brokers
        await stream.ReadExactlyAsync(answer, timeout.Token);
        if (BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(8)) < 1)
            throw new IOException("the broker names no broker yet");
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ForgeShop.DevKafka;

/// <summary>The settings of the broker, from the command line; retention and segment sizes are per partition.</summary>
internal sealed record BrokerOptions(
    string DataFolder, string Host, int Port, int Partitions, bool AutoCreateTopics,
    long RetentionBytes, TimeSpan Retention, long SegmentBytes, TimeProvider Time);

/// <summary>The broker: a data folder, a listening socket, and the connections of the clients.</summary>
internal sealed class Broker : IDisposable
{
    public const int NodeId = 1;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // A crash of the machine can lose the records of this window. A kill of the process loses none, because the page cache belongs to the
    // kernel.
    private static readonly TimeSpan MaintenanceInterval = TimeSpan.FromSeconds(1);

    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly FileStream _clusterIdFile;
    private readonly Socket _listener;

    /// <summary>Recovers the data folder and listens.</summary>
    /// <exception cref="IOException">Another broker uses the data folder.</exception>
    /// <exception cref="SocketException">The port is taken.</exception>
    public Broker(BrokerOptions options)
    {
        Options = options;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(options.DataFolder);
        else
            Directory.CreateDirectory(options.DataFolder, OwnerOnly);
        _clusterIdFile = new(Path.Combine(options.DataFolder, "cluster-id"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        if (_clusterIdFile.Length == 0) // a new data folder
            _clusterIdFile.Write(Encoding.ASCII.GetBytes($"{Guid.NewGuid():N}"));
        _clusterIdFile.Flush(flushToDisk: true);
        _clusterIdFile.Position = 0;
        ClusterId = new StreamReader(_clusterIdFile).ReadToEnd();
        Topics = new(options);
        Offsets = new(Path.Combine(options.DataFolder, "offsets.jsonl"));
        var address = IPAddress.TryParse(options.Host, out var parsed) ? parsed : Dns.GetHostAddresses(options.Host)[0];
        _listener = new(SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(address, options.Port));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
    }

    public BrokerOptions Options { get; }
    public int Port { get; }
    public TopicStore Topics { get; }
    public OffsetStore Offsets { get; }

    /// <summary>Gets the lock of all topics, offsets and groups. A request holds it until its first await.</summary>
    public Lock StateLock { get; } = new();

    /// <summary>Gets the ID of the data folder, generated at its creation; clients use it to detect a replaced log.</summary>
    public string ClusterId { get; }

    public Group GroupOf(string id) => _groups.TryGetValue(id, out var group) ? group : _groups[id] = new(id, Options.Time);

    /// <summary>Accepts connections until the broker stops.</summary>
    /// <exception cref="OperationCanceledException">The broker stops.</exception>
    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(AcceptAsync(stopping), MaintainAsync(stopping));

    public void Dispose()
    {
        _listener.Dispose();
        _clusterIdFile.Dispose();
    }

    public void WriteNode(MessageWriter writer)
    {
        writer.WriteInt32(NodeId);
        writer.WriteString(Options.Host);
        writer.WriteInt32(Port);
    }

    private async Task AcceptAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync(stopping);
                _ = new Connection(this, socket).RunAsync(stopping);
            }
            catch (SocketException exception)
            {
                // For example, the process has no free file descriptor; closing connections will free some.
                Console.Error.WriteLine($"warning: Accepting a connection failed: {exception.Message}");
                await Task.Delay(MaintenanceInterval, Options.Time, stopping);
            }
        }
    }

    /// <summary>Applies time-outs and retention, and flushes in the background. The last round runs at the stop.</summary>
    private async Task MaintainAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            await Task.Delay(MaintenanceInterval, Options.Time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                Action[] flushes;
                lock (StateLock)
                {
                    foreach (var group in _groups.Values)
                        group.ApplyTimeouts();
                    foreach (var partition in Topics.Partitions)
                        partition.ApplyRetention();
                    var segments = Topics.Partitions.Select(partition => partition.Active);
                    flushes = [.. segments.Select<Segment, Action>(segment => segment.FlushToDisk), Offsets.FlushToDisk];
                }
                Array.ForEach(flushes, flush => flush());
            }
            catch (Exception exception)
            {
                // For example, the disk is full, or a topic was deleted before the flush.
                Console.Error.WriteLine($"warning: Retention or flushing failed; retrying in {MaintenanceInterval}: {exception}");
            }
        }
    }
}

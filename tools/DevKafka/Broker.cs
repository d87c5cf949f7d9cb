using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ForgeShop.DevKafka;

/// <summary>The settings of the broker, from the command line; retention and segment sizes are per partition.</summary>
internal sealed record BrokerOptions(
    string DataFolder, string Host, int Port, int Partitions, bool AutoCreateTopics,
    long RetentionBytes, TimeSpan Retention, long SegmentBytes);

/// <summary>The broker: a data folder, a listening socket, and the connections of the clients.</summary>
internal sealed class Broker : IDisposable
{
    public const int NodeId = 1;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SessionCheckInterval = TimeSpan.FromMilliseconds(100);

    // A crash of the machine can lose this window. A kill of the process loses nothing: the page cache belongs to the kernel.
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly FileStream _folderLock;
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
        _folderLock = new(Path.Combine(options.DataFolder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        Topics = new(options);
        Offsets = new(Path.Combine(options.DataFolder, "group-offsets"));
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

    public Group GroupOf(string id) => _groups.GetOrAdd(id, _ => new Group(id));

    /// <summary>Accepts connections.</summary>
    /// <exception cref="OperationCanceledException">The broker stops.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        using var flushTimer = new Timer(_ => Flush(), null, FlushInterval, FlushInterval);
        using var sessionTimer = new Timer(_ => EndSessions(), null, SessionCheckInterval, SessionCheckInterval);
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync(stopping);
                _ = Task.Run(() => new Connection(this, socket).RunAsync(stopping), CancellationToken.None);
            }
            catch (SocketException exception)
            {
                // For example, the process has no free file descriptor; closing connections will free some.
                Console.Error.WriteLine($"warning: Accepting a connection failed: {exception.Message}");
                await Task.Delay(AcceptRetryDelay, stopping);
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        Flush();
        _folderLock.Dispose();
    }

    public void WriteNode(MessageWriter writer)
    {
        writer.WriteInt32(NodeId);
        writer.WriteString(Options.Host);
        writer.WriteInt32(Port);
    }

    private void Flush()
    {
        var flushes = Topics.Partitions.Select<Partition, Action>(partition => partition.FlushAndApplyRetention);
        foreach (var flush in flushes.Append(Offsets.Flush))
        {
            try
            {
                flush();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Console.Error.WriteLine($"warning: Flushing or retention failed: {exception.Message}");
            }
        }
    }

    private void EndSessions()
    {
        foreach (var group in _groups.Values)
            group.EndSessions(Environment.TickCount64);
    }
}

using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ForgeShop.DevKafka.Groups;
using ForgeShop.DevKafka.Log;
using ForgeShop.DevKafka.Protocol;

namespace ForgeShop.DevKafka;

/// <summary>The broker: a data folder, a listening socket, and the connections of the clients.</summary>
internal sealed class Broker : IAsyncDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private static readonly TimeSpan RetentionInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromMilliseconds(500);

    private readonly FileStream _folderLock;
    private readonly Socket _listener;
    private readonly Flusher _flusher;
    private readonly ITimer _retentionTimer;
    private readonly ConcurrentDictionary<Task, bool> _connections = [];

    private Broker(BrokerOptions options, TimeProvider time, FileStream folderLock)
    {
        (Options, Time, _folderLock) = (options, time, folderLock);
        ClusterId = ReadClusterId(Path.Combine(options.DataFolder, "cluster-id"));
        _flusher = new(options.FlushInterval, time);
        Topics = new(options, _flusher, time);
        Groups = new(new OffsetStore(options.DataFolder, _flusher), time);
        _listener = Listen(options);
        Node = new(options.Host, ((IPEndPoint)_listener.LocalEndPoint!).Port);
        _retentionTimer = time.CreateTimer(_ => ApplyRetention(), null, RetentionInterval, RetentionInterval);
    }

    public BrokerOptions Options { get; }

    public TimeProvider Time { get; }

    public string ClusterId { get; }

    public Node Node { get; }

    public TopicStore Topics { get; }

    public GroupCoordinator Groups { get; }

    /// <summary>Recovers the data folder and listens.</summary>
    /// <exception cref="IOException">Another broker uses the data folder.</exception>
    /// <exception cref="SocketException">The port is taken.</exception>
    public static Broker Start(BrokerOptions options, TimeProvider time)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(options.DataFolder);
        else
            Directory.CreateDirectory(options.DataFolder, OwnerOnly);
        var folderLock = LockFolder(options.DataFolder);
        try
        {
            return new(options, time, folderLock);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Accepts connections until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            while (true)
                await AcceptAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _listener.Dispose();
            await Task.WhenAll(_connections.Keys).WaitAsync(StopTimeout, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _retentionTimer.DisposeAsync();
        _flusher.FlushAll();
        _flusher.Dispose();
        await _folderLock.DisposeAsync();
    }

    private async Task AcceptAsync(CancellationToken stopping)
    {
        try
        {
            var socket = await _listener.AcceptAsync(stopping);
            var task = Task.Run(() => new Connection(this, socket).RunAsync(stopping), CancellationToken.None);
            _connections[task] = true;
            _ = task.ContinueWith(ended => _connections.TryRemove(ended, out _), TaskScheduler.Default);
        }
        catch (SocketException exception)
        {
            // For example, the process has no free file descriptor; closing connections will free some.
            Diagnostics.Warn($"Accepting a connection failed: {exception.Message}");
            await Task.Delay(AcceptRetryDelay, Time, stopping);
        }
    }

    private static FileStream LockFolder(string folder)
    {
        try
        {
            return new FileStream(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception)
        {
            throw new IOException($"Data folder {folder} is in use by another DevKafka: {exception.Message}", exception);
        }
    }

    private static string ReadClusterId(string path)
    {
        if (!File.Exists(path))
            DurableFile.WriteAllText(path, Base64Url.EncodeToString(Guid.NewGuid().ToByteArray()));
        return File.ReadAllText(path);
    }

    private static Socket Listen(BrokerOptions options)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            var address = IPAddress.TryParse(options.Host, out var parsed) ? parsed : Dns.GetHostAddresses(options.Host)[0];
            socket.Bind(new IPEndPoint(address, options.Port));
            socket.Listen();
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void ApplyRetention()
    {
        try
        {
            Topics.ApplyRetention();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Diagnostics.Error($"Applying retention failed: {exception.Message}");
        }
    }
}

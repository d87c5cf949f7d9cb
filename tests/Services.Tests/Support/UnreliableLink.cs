using System.Net;
using System.Net.Sockets;
using System.Text;

namespace ForgeShop.Services.Tests;

/// <summary>A network link between a service and a server; a test cuts it or lets it hang.</summary>
public sealed class UnreliableLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly EndPoint _target;
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private readonly Task _accepting;
    private TaskCompletionSource _flowing = Flowing();
    private string? _uncommitted;
    private bool _cut;

    private UnreliableLink(EndPoint target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static UnreliableLink To(string host, int port) =>
        To(IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port));

    public static UnreliableLink To(EndPoint target) => new(target);

    /// <summary>Breaks all connections, new ones included.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _cut = true;
            foreach (var socket in _open)
                socket.Close(0);
            _open.Clear();
        }
    }

    /// <summary>Keeps the connections and forwards nothing.</summary>
    public void Hang() => Interlocked.Exchange(ref _flowing, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Breaks one connection to PostgreSQL after the commit of such a statement and before its confirmation.</summary>
    public void LoseCommitOf(string statement) => Volatile.Write(ref _uncommitted, statement);

    /// <summary>Gets whether the connection was broken.</summary>
    public bool HasLostCommit => Volatile.Read(ref _uncommitted) is null;

    public void Restore()
    {
        lock (_lock)
            _cut = false;
        Interlocked.Exchange(ref _flowing, Flowing()).TrySetResult();
    }

    /// <summary>Returns whether a packet is forwarded; if not, the connection ends.</summary>
    private delegate bool Passes(ReadOnlySpan<byte> sent);

    private static TaskCompletionSource Flowing()
    {
        var flowing = new TaskCompletionSource();
        flowing.SetResult();
        return flowing;
    }

    private async Task AcceptAsync()
    {
        var links = new List<Task>();
        try
        {
            while (true)
                links.Add(LinkAsync(await _listener.AcceptSocketAsync(_stop.Token)));
        }
        catch (OperationCanceledException)
        {
            Cut();
            await Task.WhenAll(links);
        }
    }

    private async Task LinkAsync(Socket near)
    {
        using var far = new Socket(SocketType.Stream, ProtocolType.Tcp);
        using (near)
        {
            lock (_lock)
            {
                if (_cut)
                    return;
                _open.Add(near);
                _open.Add(far);
            }

            try
            {
                await far.ConnectAsync(_target, _stop.Token);
                var (isInside, isLost, isBegun) = (false, false, false);
                await Task.WhenAny(PumpAsync(near, far, Watch), PumpAsync(far, near, _ => !Volatile.Read(ref isLost)));

                bool Watch(ReadOnlySpan<byte> sent)
                {
                    // Outside of a transaction, PostgreSQL commits a batch of statements at its Sync message.
                    isBegun |= sent.IndexOf("BEGIN"u8) >= 0;
                    var isCommit = sent.IndexOf("COMMIT"u8) >= 0 || (!isBegun && sent.EndsWith("S\0\0\0\u0004"u8));
                    isBegun &= sent.IndexOf("COMMIT"u8) < 0 && sent.IndexOf("ROLLBACK"u8) < 0;
                    if (Volatile.Read(ref _uncommitted) is not { } statement)
                        return true;
                    isInside |= sent.IndexOf(Encoding.UTF8.GetBytes(statement)) >= 0;
                    if (isInside && isCommit)
                    {
                        Volatile.Write(ref isLost, true);
                        Volatile.Write(ref _uncommitted, null);
                    }

                    return true;
                }
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // A broken connection is expected here.
            }

            lock (_lock)
            {
                _open.Remove(near);
                _open.Remove(far);
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, Passes passes)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                if (!passes(buffer.AsSpan(0, count)))
                    return;
                await _flowing.Task.WaitAsync(_stop.Token);
                for (var sent = 0; sent < count;)
                    sent += await to.SendAsync(buffer.AsMemory(sent, count - sent), _stop.Token);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // As above: the other direction ends with this one.
        }
    }

    public async ValueTask DisposeAsync()
    {
        Restore();
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }
}

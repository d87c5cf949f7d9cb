using System.Net;
using System.Net.Sockets;

namespace ForgeShop.StandIns.KafkaBrokerProgram;

/// <summary>
/// The broker's one address. Clients find the log behind it by the address that metadata names, so metadata is made to name
/// this one: a broker that comes back is then where it was, like any real one.
/// </summary>
internal sealed class Front : IDisposable
{
    private const int MaxConnections = 2_000;
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly SemaphoreSlim places = new(MaxConnections, MaxConnections);
    private readonly int port;
    private readonly MockCluster log;
    private readonly GroupCoordinator groups;

    public Front(int port, MockCluster log, GroupCoordinator groups)
    {
        (this.port, this.log, this.groups) = (port, log, groups);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(512);
    }

    /// <summary>Serves until cancelled; then every connection is closed.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var (accepting, sweeping) = (AcceptAsync(cancellationToken), groups.SweepAsync(cancellationToken));
        await await Task.WhenAny(accepting, sweeping); // neither ends by itself: if one fails, so does the broker
        await Task.WhenAll(accepting, sweeping);

        using var patience = new CancellationTokenSource(LastWords);
        for (var i = 0; i < MaxConnections && !patience.IsCancellationRequested; i++)
            await places.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        listener.Dispose();
        places.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync(cancellationToken);
                await places.WaitAsync(cancellationToken);
                _ = ServeAsync(socket, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            listener.Close();
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken cancellationToken)
    {
        try
        {
            using var connection = new Connection(socket, port, log, groups);
            await connection.RunAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // The client is gone, or we are going: nothing to say.
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync($"a client was disconnected: {exception.Message}");
        }
        finally
        {
            places.Release();
        }
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// Picks TCP ports that nobody listens on. They lie below the range from which the kernel takes ports for outgoing connections,
/// so that none is taken between the choice and the use, and no port is handed out twice by one process.
/// </summary>
public static class FreePort
{
    private const int Lowest = 15_000;

    private static readonly Lock Gate = new();
    private static readonly HashSet<int> HandedOut = [];

    public static int Next()
    {
        var highest = LowestEphemeralPort() - 1;
        lock (Gate)
        {
            for (var attempt = 0; attempt < 10_000; attempt++)
            {
                var port = Random.Shared.Next(Lowest, highest + 1);
                if (IsFree(port) && HandedOut.Add(port))
                    return port;
            }
        }

        throw new NativeServerException(string.Create(CultureInfo.InvariantCulture, $"no free TCP port between {Lowest} and {highest}"));
    }

    /// <summary>The wanted port if it is free, any other one otherwise.</summary>
    public static int Prefer(int wanted) => IsFree(wanted) ? wanted : Next();

    /// <summary>Whether a server could listen on this port, on IPv4 and IPv6 loopback.</summary>
    public static bool IsFree(int port) =>
        CanListen(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback, port));

    private static bool CanListen(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            return true; // IPv6 is compiled in but has no loopback address, as in many containers
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int LowestEphemeralPort()
    {
        const string file = "/proc/sys/net/ipv4/ip_local_port_range";
        var first = File.Exists(file)
            ? int.Parse(File.ReadAllText(file).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture)
            : 32_768;
        return first > Lowest + 1_000 ? first : 65_536; // an unusual range: then anywhere
    }
}

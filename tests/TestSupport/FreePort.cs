using System.Net;
using System.Net.Sockets;

namespace ForgeShop.TestSupport;

/// <summary>
/// Picks ports for servers, each once a process. They lie below the range from which the kernel picks: while a server is stopped, no other
/// program gets its port.
/// </summary>
internal static class FreePort
{
    private const int Lowest = 10_000;
    private const int Count = 20_000;
    private static int last = Random.Shared.Next(Count);

    /// <summary>Returns a port that is free on all addresses.</summary>
    public static int Next()
    {
        for (var attempt = 0; attempt < Count; attempt++)
        {
            var port = Lowest + (int)((uint)Interlocked.Increment(ref last) % Count);
            if (IsFree(port))
                return port;
        }

        throw new InvalidOperationException($"All ports from {Lowest} to {Lowest + Count - 1} are taken.");
    }

    private static bool IsFree(int port)
    {
        using var listener = new TcpListener(IPAddress.Any, port);
        try
        {
            listener.Start();
            return true;
        }
        catch (SocketException taken) when (taken.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return false;
        }
    }
}

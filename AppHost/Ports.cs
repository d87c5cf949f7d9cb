using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;

namespace ForgeShop.AppHost;

/// <summary>Fixed ports are a comfort: where one is taken, another serves.</summary>
internal static class Ports
{
    /// <summary>Whether nobody listens on this port of this machine's loopback addresses.</summary>
    public static bool IsFree(int port)
    {
        return CanListen(IPAddress.Loopback) && (!Socket.OSSupportsIPv6 || CanListen(IPAddress.IPv6Loopback));

        bool CanListen(IPAddress address)
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(address, port));
                return true;
            }
            catch (SocketException exception)
            {
                return exception.SocketErrorCode == SocketError.AddressNotAvailable; // no such address here
            }
        }
    }

    /// <summary>Drops configured URLs whose port is taken; Aspire then chooses.</summary>
    public static void DropTakenUrls(this IConfiguration configuration, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (Uri.TryCreate(configuration[key], UriKind.Absolute, out var url) && !IsFree(url.Port))
                configuration[key] = null;
        }
    }
}

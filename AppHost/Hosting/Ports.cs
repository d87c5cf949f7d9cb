using System.Net;
using System.Net.Sockets;

namespace ForgeShop.AppHost.Hosting;

/// <summary>Chooses ports: the preferred one, or a free one if it is taken.</summary>
internal static class Ports
{
    /// <summary>Returns whether the port is free on all loopback addresses of this machine.</summary>
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
                return exception.SocketErrorCode == SocketError.AddressNotAvailable; // this machine has no such address
            }
        }
    }

    /// <summary>Gives the dashboard the same address at each start, unless the port is taken. Aspire chooses all others.</summary>
    public static void PreferDashboardPort(this IDistributedApplicationBuilder builder, int port)
    {
        if (builder.Configuration["ASPNETCORE_URLS"] is null)
            builder.Configuration["ASPNETCORE_URLS"] = $"http://localhost:{(IsFree(port) ? port : 0)}";
    }
}

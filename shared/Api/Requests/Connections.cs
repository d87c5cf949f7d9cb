using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace ForgeShop.Api;

internal static class Connections
{
    private const int IdleSeconds = 20;
    private const int ProbeSeconds = 5;
    private const int Probes = 4;

    // TCP_USER_TIMEOUT of Linux. Without it, a connection with unacknowledged data lasts for 15 minutes, because keep-alive probes are sent
    // on idle connections only.
    private const int UserTimeoutOption = 18;
    private const int UserTimeoutMs = 40_000;

    /// <summary>Passes header bytes unchanged and detects a lost peer within 40 s.</summary>
    public static void AddConnectionRules(this IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Latin-1 in both directions, one character a byte: RFC 9110 allows bytes beyond ASCII in a field and gives them no meaning.
            kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
            kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        });
        services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = endpoint =>
        {
            // Accepted sockets inherit these.
            var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            if (socket.ProtocolType is not ProtocolType.Tcp)
                return socket;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, IdleSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, ProbeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
            if (OperatingSystem.IsLinux())
                socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, UserTimeoutOption, BitConverter.GetBytes(UserTimeoutMs));
            return socket;
        });
    }
}

using System.Net;
using System.Net.Sockets;

namespace ForgeShop.Api;

/// <summary>The client address that rate limits count by.</summary>
public static class ClientAddress
{
    /// <summary>Returns an IPv4 address, or the /64 of an IPv6 address, because one subscriber owns at least a /64.</summary>
    public static string Of(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily is AddressFamily.InterNetworkV6 && !IPAddress.IsLoopback(address)
            ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8))
            : address.ToString();
    }
}

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace ForgeShop.ServiceDefaults;

/// <summary>The address that limits are counted by.</summary>
public static class ClientAddress
{
    /// <summary>An IPv4 address, or the /64 of an IPv6 address: a subscriber has at least so many to choose from.</summary>
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

using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.AppHost.Hosting;

internal static class Hash
{
    /// <summary>Returns 16 hexadecimal digits that distinguish one path from another.</summary>
    public static string Of(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..16];
}

using System.Security.Cryptography;
using System.Text;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// UUID version 5 by the platform's SHA-1 (RFC 9562 section 5.5): the reference for every code path of the library.
/// </summary>
internal static class PlatformSha1
{
    public static Guid V5(Guid namespaceId, string name) => V5(namespaceId, Encoding.UTF8.GetBytes(name));

    public static Guid V5(Guid namespaceId, byte[] name)
    {
#pragma warning disable CA5350 // RFC 9562 section 5.5 defines version 5 by SHA-1.
        var digest = SHA1.HashData([.. namespaceId.ToByteArray(bigEndian: true), .. name]);
#pragma warning restore CA5350
        digest[6] = (byte)((digest[6] & 0x0F) | 0x50);
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest.AsSpan(0, 16), bigEndian: true);
    }
}

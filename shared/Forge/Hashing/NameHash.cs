using System.Diagnostics;
using System.Security.Cryptography;

namespace ForgeShop.Forge;

/// <summary>Hashes namespace and name, adjacent in one span, to an ID. All derivations of single keys use it.</summary>
internal static class NameHash
{
    /// <summary>The length of the namespace in bytes, in network order, before the name.</summary>
    public const int NamespaceSize = 16;

    public static Guid Compute(ForgeAlgorithm algorithm, ReadOnlySpan<byte> secret, ReadOnlySpan<byte> namespaceAndName) => algorithm switch
    {
        ForgeAlgorithm.V5 => V5(namespaceAndName),
        ForgeAlgorithm.V8Sha256 => V8Sha256(namespaceAndName),
        ForgeAlgorithm.V8HmacSha256 => V8HmacSha256(secret, namespaceAndName),
        _ => throw new UnreachableException(),
    };

    public static Guid V5(ReadOnlySpan<byte> namespaceAndName)
    {
        if (Sha1Name.IsSupported) return Sha1Name.Hash(namespaceAndName);
        Span<byte> digest = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // RFC 9562 section 5.5 defines version 5 by SHA-1; it has no security function here.
        SHA1.HashData(namespaceAndName, digest);
#pragma warning restore CA5350
        return ToUuid(digest, version: 5);
    }

    public static Guid V8Sha256(ReadOnlySpan<byte> namespaceAndName)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(namespaceAndName, digest);
        return ToUuid(digest, version: 8);
    }

    public static Guid V8HmacSha256(ReadOnlySpan<byte> secret, ReadOnlySpan<byte> namespaceAndName)
    {
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, namespaceAndName, digest);
        return ToUuid(digest, version: 8);
    }

    // RFC 9562 section 4: the version in the high bits of byte 6, the variant 10 in those of byte 8.
    private static Guid ToUuid(Span<byte> digest, int version)
    {
        digest[6] = (byte)((digest[6] & 0x0F) | (version << 4));
        digest[8] = (byte)((digest[8] & 0x3F) | 0x80);
        return new Guid(digest[..16], bigEndian: true);
    }
}

using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace ForgeShop.Forge;

/// <summary>The five words between two blocks of SHA-1.</summary>
internal readonly record struct Sha1State(uint A, uint B, uint C, uint D, uint E)
{
    /// <summary>The constants of the rounds, twenty each (FIPS 180-4 section 4.2.1).</summary>
    public const uint K0 = 0x5A827999, K1 = 0x6ED9EBA1, K2 = 0x8F1BBCDC, K3 = 0xCA62C1D6;

    /// <summary>The state before the first block (FIPS 180-4 section 5.3.1).</summary>
    public static Sha1State Initial => new(0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0);

    /// <summary>Adds word by word, at the end of a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Sha1State operator +(Sha1State left, Sha1State right) =>
        new(left.A + right.A, left.B + right.B, left.C + right.C, left.D + right.D, left.E + right.E);

    /// <summary>One of the rounds 0 to 19.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Sha1State Round(uint word) =>
        new(BitOperations.RotateLeft(A, 5) + (D ^ (B & (C ^ D))) + E + word + K0, A, BitOperations.RotateLeft(B, 30), C, D);

    /// <summary>Returns the first 16 bytes of the digest as a UUID of version 5, variant 10 (RFC 9562 sections 4 and 5.5).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Guid ToVersion5()
    {
        var (b, c) = ((B & 0xFFFF0FFF) | 0x5000, (C & 0x3FFFFFFF) | 0x80000000);
        // The memory layout of a Guid: a little-endian word, two little-endian halves, eight bytes.
        return Unsafe.BitCast<Vector128<uint>, Guid>(Vector128.Create(
            A, BitOperations.RotateLeft(b, 16), BinaryPrimitives.ReverseEndianness(c), BinaryPrimitives.ReverseEndianness(D)));
    }
}

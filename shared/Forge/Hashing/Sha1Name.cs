using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace ForgeShop.Forge;

/// <summary>SHA-1 of a whole message that is at hand, for version 5 (RFC 9562 section 5.5): it names things and protects nothing.</summary>
internal static class Sha1Name
{
    private const int BlockSize = 64;

    /// <summary>Bytes of a block that the message's length in bits takes, with the byte 0x80 that ends the message.</summary>
    private const int Padding = 9;

    /// <summary>The schedule needs little-endian vectors in hardware; where there are none, the platform's SHA-1 is faster.</summary>
    public static bool IsSupported => BitConverter.IsLittleEndian && Vector128.IsHardwareAccelerated;

    [SkipLocalsInit]
    public static Guid Hash(ReadOnlySpan<byte> message)
    {
        var state = Sha1State.Initial;
        var rest = message;
        for (; rest.Length >= BlockSize; rest = rest[BlockSize..])
            Compress(ref state, ref MemoryMarshal.GetReference(rest));

        Span<byte> last = stackalloc byte[BlockSize];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        if (rest.Length > BlockSize - Padding)
        {
            Compress(ref state, ref MemoryMarshal.GetReference(last));
            last.Clear();
        }

        BinaryPrimitives.WriteUInt64BigEndian(last[^sizeof(ulong)..], (ulong)message.Length * 8);
        Compress(ref state, ref MemoryMarshal.GetReference(last));
        return state.ToVersion5();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Compress(ref Sha1State state, ref byte block) =>
        Sha1Compression.Compress(ref state, Words(ref block, 0), Words(ref block, 16), Words(ref block, 32), Words(ref block, 48));

    // SHA-1 reads words with the most significant byte first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Words(ref byte block, nuint at) => Vector128.Shuffle(
        Vector128.LoadUnsafe(ref block, at),
        Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
}

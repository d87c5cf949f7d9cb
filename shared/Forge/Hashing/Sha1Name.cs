using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace ForgeShop.Forge;

/// <summary>
/// SHA-1 of one whole message, for version 5 (RFC 9562 section 5.5). It has no security function here.
/// </summary>
internal static class Sha1Name
{
    private const int BlockSize = 64;

    /// <summary>The bytes of a block for the length of the message in bits and the byte 0x80 that ends it.</summary>
    private const int Padding = 9;

    /// <summary>The maximum length of a name that fits into one block with its namespace.</summary>
    public const int LongestOfOneBlock = BlockSize - NameHash.NamespaceSize - Padding;

    /// <summary>The number of bytes after the message that <see cref="HashPadded"/> may overwrite.</summary>
    public const int Slack = BlockSize + 16;

    /// <summary>Gets whether the hardware has little-endian vectors; without them the platform's SHA-1 is faster.</summary>
    public static bool IsSupported => BitConverter.IsLittleEndian && Vector128.IsHardwareAccelerated;

    /// <summary>
    /// Derives the ID of a text that is visible ASCII without a space at either end and fits into one block. Its characters are read into
    /// vectors.
    /// </summary>
    /// <returns>False for every other text.</returns>
    public static bool TryHashText(in Sha1Namespace ns, ReadOnlySpan<char> text, out Guid id)
    {
        if ((uint)(text.Length - 1) >= LongestOfOneBlock || text[0] == ' ' || text[^1] == ' ')
        {
            id = default;
            return false;
        }
        ref var characters = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
        ref var end = ref MemoryMarshal.GetReference(End[(LongestOfOneBlock - text.Length)..]);
        var tail = Tail(ref characters, text.Length);
        var w1 = Narrow(Eight(ref characters, text.Length, 0, tail), Eight(ref characters, text.Length, 8, tail));
        var w2 = Narrow(Eight(ref characters, text.Length, 16, tail), Eight(ref characters, text.Length, 24, tail));
        var w3 = Narrow(Eight(ref characters, text.Length, 32, tail), Vector128<ushort>.Zero);
        if ((Visible(w1) | ((ulong)Visible(w2) << 16) | ((ulong)Visible(w3) << 32)) != (1UL << text.Length) - 1)
        {
            id = default;
            return false;
        }
        var state = Sha1State.Initial + Sha1Compression.AfterFour(
            ns.State,
            ns.Words,
            BigEndian(w1 | Vector128.LoadUnsafe(ref end)),
            BigEndian(w2 | Vector128.LoadUnsafe(ref end, 16)),
            BigEndian(w3 | Vector128.LoadUnsafe(ref end, 32)).WithElement(3, (uint)(NameHash.NamespaceSize + text.Length) * 8));
        id = state.ToVersion5();
        return true;
    }

    // Read through a window of 48 bytes: the byte after the name.
    private static ReadOnlySpan<byte> End =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x80,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0,
    ];

    // Indices that shift a vector of bytes down by the offset of the window and fill it with zeros.
    private static ReadOnlySpan<byte> Shift =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128,
    ];

    /// <summary>Returns the characters after the last whole eight, then zeros. Reads nothing outside the text.</summary>
    public static Vector128<ushort> Tail(ref ushort characters, int length)
    {
        var rest = length % 8;
        if (rest == 0) return Vector128<ushort>.Zero;
        if (length >= 8)
        {
            return Vector128.ShuffleNative(
                Vector128.LoadUnsafe(ref characters, (nuint)(length - 8)).AsByte(),
                Vector128.LoadUnsafe(ref MemoryMarshal.GetReference(Shift), (nuint)(2 * (8 - rest)))).AsUInt16();
        }
        ref var bytes = ref Unsafe.As<ushort, byte>(ref characters);
        if (length >= 4)
        {
            var lastFour = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, 2 * (length - 4)));
            return Vector128.Create(Unsafe.ReadUnaligned<ulong>(ref bytes), lastFour >> 16 * (7 - length) >> 16).AsUInt16();
        }
        ulong upToThree = characters;
        if (length >= 2) upToThree = Unsafe.ReadUnaligned<uint>(ref bytes);
        if (length == 3) upToThree |= (ulong)Unsafe.Add(ref characters, 2) << 32;
        return Vector128.Create(upToThree, 0).AsUInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Eight(ref ushort characters, int length, int from, Vector128<ushort> tail) =>
        length >= from + 8 ? Vector128.LoadUnsafe(ref characters, (nuint)from)
        : length > from ? tail
        : Vector128<ushort>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Narrow(Vector128<ushort> low, Vector128<ushort> high) =>
        Sse41.IsSupported ? Sse41.PackUnsignedSaturate(low.AsInt16(), high.AsInt16()) : Vector128.NarrowWithSaturation(low, high);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Visible(Vector128<byte> bytes) =>
        Vector128.GreaterThan((bytes + Vector128<byte>.One).AsSByte(), Vector128.Create((sbyte)' ')).ExtractMostSignificantBits();

    /// <summary>Returns the ID of a name in a buffer, at its position in the message, after the space of the namespace.</summary>
    /// <param name="ns">The namespace; it need not be in the buffer.</param>
    /// <param name="buffer">The buffer, at least <see cref="Slack"/> bytes longer than the message, which is padded in place.</param>
    /// <param name="nameLength">The length of the name.</param>
    public static Guid HashPadded(in Sha1Namespace ns, Span<byte> buffer, int nameLength)
    {
        var length = NameHash.NamespaceSize + nameLength;
        var padded = (length + Padding + BlockSize - 1) & -BlockSize;
        var slack = buffer.Slice(length, Slack);
        for (var i = 0; i < Slack; i += 16) Vector128<byte>.Zero.CopyTo(slack[i..]);
        buffer[length] = 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(buffer[(padded - sizeof(uint))..], (uint)length * 8);

        ref var block = ref MemoryMarshal.GetReference(buffer);
        var state = Sha1State.Initial
            + Sha1Compression.AfterFour(ns.State, ns.Words, Words(ref block, 16), Words(ref block, 32), Words(ref block, 48));
        for (var at = BlockSize; at < padded; at += BlockSize) state = Compress(state, ref Unsafe.Add(ref block, at));
        return state.ToVersion5();
    }

    /// <summary>Returns the ID of a message of any length.</summary>
    [SkipLocalsInit]
    public static Guid Hash(ReadOnlySpan<byte> message)
    {
        var state = Sha1State.Initial;
        var rest = message;
        for (; rest.Length >= BlockSize; rest = rest[BlockSize..])
            state = Compress(state, ref MemoryMarshal.GetReference(rest));

        Span<byte> last = stackalloc byte[BlockSize];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        if (rest.Length > BlockSize - Padding)
        {
            state = Compress(state, ref MemoryMarshal.GetReference(last));
            last.Clear();
        }

        BinaryPrimitives.WriteUInt64BigEndian(last[^sizeof(ulong)..], (ulong)message.Length * 8);
        return Compress(state, ref MemoryMarshal.GetReference(last)).ToVersion5();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Sha1State Compress(in Sha1State state, ref byte block) =>
        Sha1Compression.Compress(state, Words(ref block, 0), Words(ref block, 16), Words(ref block, 32), Words(ref block, 48));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Words(ref byte block, nuint at) => BigEndian(Vector128.LoadUnsafe(ref block, at));

    // SHA-1 reads words with the most significant byte first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> BigEndian(Vector128<byte> bytes) =>
        Vector128.Shuffle(bytes, Vector128.Create((byte)3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)).AsUInt32();
}

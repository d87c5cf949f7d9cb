using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Kind text: 1 to 1024 bytes of UTF-8, accepted byte for byte. Invisible characters are refused, so keys that look equal are equal.
/// </summary>
internal static partial class CanonicalKey
{
    private static KeyRefusal Text<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        // One UTF-16 unit is at least one byte of UTF-8, so the check is valid for both inputs. It refuses a huge input without reading it.
        if (input.Length > MaxLength) return KeyRefusal.TooLong;
        var visible = typeof(T) == typeof(char)
            ? VisibleAscii(MemoryMarshal.Cast<T, char>(input), destination)
            : VisibleAscii(MemoryMarshal.Cast<T, byte>(input), destination);
        if (!visible) return Unicode(input, destination, ref written, ref codePoint);
        if (destination[0] == ' ' || destination[input.Length - 1] == ' ')
        {
            codePoint = ' ';
            return KeyRefusal.Edge;
        }
        written = input.Length;
        return KeyRefusal.None;
    }

    // Prepared values, because the generic range search of the framework allocates until its code is optimised.
    private static readonly SearchValues<char> VisibleCharacters =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);
    private static readonly SearchValues<byte> VisibleBytes =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c)]);

    private static bool VisibleAscii(ReadOnlySpan<char> input, Span<byte> destination)
    {
        if (!Vector128.IsHardwareAccelerated || input.Length < Vector128<byte>.Count)
            return !input.ContainsAnyExcept(VisibleCharacters) && Ascii.FromUtf16(input, destination, out _) is OperationStatus.Done;

        // Sixteen at a time; the last sixteen may overlap with those before.
        ref var from = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(input));
        ref var to = ref MemoryMarshal.GetReference(destination[..input.Length]);
        var last = input.Length - Vector128<byte>.Count;
        var visible = Vector128<sbyte>.AllBitsSet;
        for (var i = 0; i < last; i += Vector128<byte>.Count) visible &= Narrow(ref from, ref to, (nuint)i);
        return (visible & Narrow(ref from, ref to, (nuint)last)) == Vector128<sbyte>.AllBitsSet;
    }

    // A wider unit becomes a byte that is not visible ASCII: 0 or 255.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Narrow(ref ushort from, ref byte to, nuint at)
    {
        var (low, high) = (Vector128.LoadUnsafe(ref from, at), Vector128.LoadUnsafe(ref from, at + 8));
        var bytes = Sse41.IsSupported
            ? Sse41.PackUnsignedSaturate(low.AsInt16(), high.AsInt16()) : Vector128.NarrowWithSaturation(low, high);
        bytes.StoreUnsafe(ref to, at);
        return Vector128.GreaterThan((bytes + Vector128<byte>.One).AsSByte(), Vector128.Create((sbyte)' '));
    }

    private static bool VisibleAscii(ReadOnlySpan<byte> input, Span<byte> destination) =>
        !input.ContainsAnyExcept(VisibleBytes) && input.TryCopyTo(destination);

    private static KeyRefusal Unicode<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        var length = 0;
        for (var at = 0; at < input.Length;)
        {
            var status = typeof(T) == typeof(char)
                ? Rune.DecodeFromUtf16(MemoryMarshal.Cast<T, char>(input)[at..], out var rune, out var consumed)
                : Rune.DecodeFromUtf8(MemoryMarshal.Cast<T, byte>(input)[at..], out rune, out consumed);
            codePoint = -1;
            if (status is not OperationStatus.Done) return OrTooLong(Refuse(input, at, ref codePoint), input, MaxLength, ref codePoint);
            codePoint = rune.Value;
            if (IsRefused(codePoint)) return OrTooLong(KeyRefusal.Character, input, MaxLength, ref codePoint);
            if (IsSpace(codePoint) && (at == 0 || at + consumed == input.Length)) return OrTooLong(
                KeyRefusal.Edge, input, MaxLength, ref codePoint);
            if (length + rune.Utf8SequenceLength > MaxLength)
            {
                codePoint = -1;
                return KeyRefusal.TooLong;
            }
            length += rune.EncodeToUtf8(destination[length..]);
            at += consumed;
        }
        codePoint = -1;
        written = length;
        return KeyRefusal.None;
    }

    // Controls, soft hyphen, zero-width and bidirectional marks, invisible operators, noncharacters, interlinear annotation: a list of
    // code points and not of categories, so that a Unicode version cannot change it. The zero-width joiner (200D) is accepted, because
    // emoji and Indic scripts need it.
    private static bool IsRefused(int c) =>
        c is < 0x20 or (>= 0x7F and <= 0x9F) or 0xAD or 0x180E or 0x200B or 0x200E or 0x200F
            or (>= 0x2028 and <= 0x202E) or (>= 0x2060 and <= 0x2069) or (>= 0xFDD0 and <= 0xFDEF) or 0xFEFF or (>= 0xFFF9 and <= 0xFFFB)
        || (c & 0xFFFE) == 0xFFFE;

    // Refused as the first or last character only: they are invisible there, and languages trim different sets of them.
    private static bool IsSpace(int c) => c is 0x20 or 0xA0 or 0x1680 or (>= 0x2000 and <= 0x200A) or 0x202F or 0x205F or 0x3000;
}

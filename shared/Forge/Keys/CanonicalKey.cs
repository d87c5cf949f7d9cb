using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace ForgeShop.Forge;

/// <summary>
/// Rewrites a value to its canonical text, for every kind. T is char for UTF-16 or byte for UTF-8 input. Only ASCII is rewritten; other
/// characters are accepted unchanged or refused. The result does not depend on culture, Unicode version or platform.
/// </summary>
internal static partial class CanonicalKey
{
    /// <summary>The maximum length of a canonical text of any kind, in bytes.</summary>
    public const int MaxLength = 1024;

    /// <summary>Writes the canonical text.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="input">The value as given.</param>
    /// <param name="destination">At least <see cref="Bound"/> bytes.</param>
    /// <param name="written">The length of the canonical text in bytes.</param>
    /// <param name="codePoint">The refused character, or -1.</param>
    public static KeyRefusal Write<T>(KeyKind kind, ReadOnlySpan<T> input, Span<byte> destination, out int written, out int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        written = 0;
        codePoint = -1;
        return kind switch
        {
            KeyKind.Email => Email(Strip(input), destination, ref written, ref codePoint),
            KeyKind.Sku => Sku(Strip(input), destination, ref written, ref codePoint),
            KeyKind.Text => Text(input, destination, ref written, ref codePoint),
            KeyKind.Int => Int(input, destination, ref written, ref codePoint),
            KeyKind.Dec => Dec(input, destination, ref written, ref codePoint),
            KeyKind.Bool => Bool(input, destination, ref written),
            KeyKind.Uuid => UuidText(input, destination, ref written),
            KeyKind.Ts3 => Timestamp(input, 3, destination, ref written, ref codePoint),
            KeyKind.Ts6 => Timestamp(input, 6, destination, ref written, ref codePoint),
            _ => KeyRefusal.WrongKind,
        };
    }

    /// <summary>Returns the maximum length in bytes of the canonical text of an input of this length.</summary>
    public static int Bound(KeyKind kind, int inputLength) => kind switch
    {
        KeyKind.Uuid => Uuid.TextLength,
        KeyKind.Ts3 or KeyKind.Ts6 => 27,
        KeyKind.Dec => Math.Min(inputLength, 60) + 1,
        _ => Math.Min(inputLength, MaxLength / 3 + 1) * 3,
    };

    // U+0009-U+000D and U+0020 at both ends only, because the trim functions of languages differ.
    private static ReadOnlySpan<T> Strip<T>(ReadOnlySpan<T> input) where T : unmanaged, IBinaryInteger<T>
    {
        var start = 0;
        var end = input.Length;
        while (start < end && IsStripped(At(input, start))) start++;
        while (end > start && IsStripped(At(input, end - 1))) end--;
        return input[start..end];
    }

    private static bool IsStripped(int c) => c is 0x20 or (>= 0x09 and <= 0x0D);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int At<T>(ReadOnlySpan<T> input, int index) where T : unmanaged, IBinaryInteger<T> => int.CreateTruncating(input[index]);

    private static bool IsDigit(int c) => (uint)(c - '0') <= 9;

    /// <summary>Refuses the character at an index and returns its code point.</summary>
    private static KeyRefusal Refuse<T>(ReadOnlySpan<T> input, int index, ref int codePoint) where T : unmanaged, IBinaryInteger<T>
    {
        if (typeof(T) == typeof(char))
        {
            var text = MemoryMarshal.Cast<T, char>(input)[index..];
            var whole = Rune.DecodeFromUtf16(text, out var rune, out _) is System.Buffers.OperationStatus.Done;
            codePoint = whole ? rune.Value : text[0];
            return whole ? KeyRefusal.Character : KeyRefusal.LoneSurrogate;
        }
        if (Rune.DecodeFromUtf8(MemoryMarshal.Cast<T, byte>(input)[index..], out var decoded,
            out _) is not System.Buffers.OperationStatus.Done) return KeyRefusal.InvalidUtf8;
        codePoint = decoded.Value;
        return KeyRefusal.Character;
    }

    /// <summary>
    /// Returns the refusal, or that the input is too long, which has precedence. Limits are in bytes of UTF-8. An input with too many
    /// UTF-16 units has too many bytes and was refused before; the bytes of a shorter one are counted only after a refusal.
    /// </summary>
    private static KeyRefusal OrTooLong<T>(KeyRefusal refusal, ReadOnlySpan<T> input, int most, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        // A lone surrogate counts as three bytes, as in every language.
        if (typeof(T) != typeof(char) || Encoding.UTF8.GetByteCount(MemoryMarshal.Cast<T, char>(input)) <= most) return refusal;
        codePoint = -1;
        return KeyRefusal.TooLong;
    }
}

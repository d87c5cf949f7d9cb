using System.Numerics;

namespace ForgeShop.Forge;

/// <summary>The kinds with short ASCII texts: email, sku, bool and uuid.</summary>
internal static partial class CanonicalKey
{
    private const int MaxEmail = 254;
    private const int MaxSku = 64;

    // [A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+ @ [A-Za-z0-9-]+ (\. [A-Za-z0-9-]+)*, A-Z in lower case
    private static KeyRefusal Email<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        if (input.Length > MaxEmail) return KeyRefusal.TooLong;
        var at = 0;
        while (at < input.Length && IsLocalPart(At(input, at))) at++;
        if (at == input.Length) return KeyRefusal.Form;
        if (at == 0 || At(input, at) != '@') return OrTooLong(Refuse(input, at, ref codePoint), input, MaxEmail, ref codePoint);
        var afterSeparator = true;
        for (var i = at + 1; i < input.Length; i++)
        {
            var c = At(input, i);
            if (c == '.' && !afterSeparator) afterSeparator = true;
            else if (c < 128 && (char.IsAsciiLetterOrDigit((char)c) || c == '-')) afterSeparator = false;
            else return OrTooLong(Refuse(input, i, ref codePoint), input, MaxEmail, ref codePoint);
        }
        if (afterSeparator) return KeyRefusal.Form;
        for (var i = 0; i < input.Length; i++)
        {
            var c = At(input, i);
            destination[i] = (byte)(c is >= 'A' and <= 'Z' ? c | 0x20 : c);
        }
        written = input.Length;
        return KeyRefusal.None;
    }

    private static bool IsLocalPart(int c) => c < 128 && (char.IsAsciiLetterOrDigit((char)c) || ".!#$%&'*+/=?^_`{|}~-".Contains((char)c));

    // [!-~]{1,64}, a-z in upper case
    private static KeyRefusal Sku<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        if (input.Length > MaxSku) return KeyRefusal.TooLong;
        for (var i = 0; i < input.Length; i++)
        {
            var c = At(input, i);
            if (c is < '!' or > '~') return OrTooLong(Refuse(input, i, ref codePoint), input, MaxSku, ref codePoint);
            destination[i] = (byte)(c is >= 'a' and <= 'z' ? c & ~0x20 : c);
        }
        written = input.Length;
        return KeyRefusal.None;
    }

    private static KeyRefusal Bool<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written) where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        return Is(input, "true"u8, destination, ref written)
            || Is(input, "false"u8, destination, ref written) ? KeyRefusal.None : KeyRefusal.Form;
    }

    private static bool Is<T>(ReadOnlySpan<T> input, ReadOnlySpan<byte> word, Span<byte> destination, ref int written)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.Length != word.Length) return false;
        for (var i = 0; i < word.Length; i++)
        {
            if (At(input, i) != word[i]) return false;
        }
        word.CopyTo(destination);
        written = word.Length;
        return true;
    }

    private static KeyRefusal UuidText<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        if (!Uuid.TryParse(input, out var id)) return KeyRefusal.Form;
        WriteUuid(id, destination, out written);
        return KeyRefusal.None;
    }

    /// <summary>Writes the canonical text of an ID.</summary>
    public static void WriteUuid(Guid id, Span<byte> destination, out int written) => id.TryFormat(destination, out written, "D");
}

using System.Numerics;

namespace ForgeShop.Forge;

/// <summary>Numbers as text: without floating point and rounding; one text for each number.</summary>
internal static partial class CanonicalKey
{
    private const int MaxIntDigits = 38;
    private const int MaxDecDigits = 28;

    // 0|-?[1-9][0-9]{0,37}
    private static KeyRefusal Int<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        var first = At(input, 0) == '-' ? 1 : 0;
        if (first == input.Length) return KeyRefusal.Form;
        if (input.Length - first > MaxIntDigits) return KeyRefusal.TooLong;
        // 007 and -0 would be second texts of 7 and 0
        if (At(input, first) == '0' && input.Length > 1) return OrTooLong(KeyRefusal.Form, input[first..], MaxIntDigits, ref codePoint);
        if (first == 1) destination[0] = (byte)'-';
        for (var i = first; i < input.Length; i++)
        {
            var c = At(input, i);
            if (!IsDigit(c)) return OrTooLong(Refuse(input, i, ref codePoint), input[first..], MaxIntDigits, ref codePoint);
            destination[i] = (byte)c;
        }
        written = input.Length;
        return KeyRefusal.None;
    }

    // -?[0-9]+(\.[0-9]+)?, without redundant zeros, then at most 28 digits and 28 decimals
    private static KeyRefusal Dec<T>(ReadOnlySpan<T> input, Span<byte> destination, ref int written, ref int codePoint)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (input.IsEmpty) return KeyRefusal.Empty;
        var negative = At(input, 0) == '-';
        var wholeStart = negative ? 1 : 0;
        var wholeEnd = wholeStart;
        while (wholeEnd < input.Length && IsDigit(At(input, wholeEnd))) wholeEnd++;
        if (wholeEnd == wholeStart) return wholeEnd == input.Length ? KeyRefusal.Form : Refuse(input, wholeEnd, ref codePoint);
        var fractionStart = wholeEnd;
        var fractionEnd = wholeEnd;
        if (wholeEnd < input.Length)
        {
            if (At(input, wholeEnd) != '.') return Refuse(input, wholeEnd, ref codePoint);
            fractionStart = fractionEnd = wholeEnd + 1;
            while (fractionEnd < input.Length && IsDigit(At(input, fractionEnd))) fractionEnd++;
            if (fractionEnd < input.Length) return Refuse(input, fractionEnd, ref codePoint);
            if (fractionEnd == fractionStart) return KeyRefusal.Form;
        }

        while (wholeStart < wholeEnd && At(input, wholeStart) == '0') wholeStart++;
        while (fractionEnd > fractionStart && At(input, fractionEnd - 1) == '0') fractionEnd--;
        var wholeDigits = wholeEnd - wholeStart;
        var decimals = fractionEnd - fractionStart;
        if (wholeDigits > MaxDecDigits || decimals > MaxDecDigits || wholeDigits + decimals > MaxDecDigits) return KeyRefusal.TooManyDigits;

        var length = 0;
        if (negative && wholeDigits + decimals > 0) destination[length++] = (byte)'-'; // -0 is 0
        if (wholeDigits == 0) destination[length++] = (byte)'0';
        for (var i = wholeStart; i < wholeEnd; i++) destination[length++] = byte.CreateTruncating(input[i]);
        if (decimals > 0) destination[length++] = (byte)'.';
        for (var i = fractionStart; i < fractionEnd; i++) destination[length++] = byte.CreateTruncating(input[i]);
        written = length;
        return KeyRefusal.None;
    }
}

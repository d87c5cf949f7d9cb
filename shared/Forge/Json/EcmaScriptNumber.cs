using System.Globalization;

namespace ForgeShop.Forge;

/// <summary>
/// Writes a double like Number::toString of ECMAScript (RFC 8785 section 3.2.2.3): the fewest digits that parse to the same double.
/// </summary>
internal static class EcmaScriptNumber
{
    /// <summary>The maximum length of the text: sign, 17 digits, point, "0.00000" or "e-324".</summary>
    public const int MaxLength = 32;

    /// <summary>Writes a finite number.</summary>
    public static int Format(double value, Span<byte> destination)
    {
        if (value == 0)
        {
            destination[0] = (byte)'0'; // and -0 as well
            return 1;
        }
        Span<byte> digits = stackalloc byte[24];
        var count = ShortestDigits(Math.Abs(value), digits, out var point);
        digits = digits[..count];
        var length = 0;
        if (value < 0) destination[length++] = (byte)'-';
        return length
            + (point is > -6 and <= 21 ? Plain(digits, point, destination[length..])
            : Exponential(digits, point - 1, destination[length..]));
    }

    // The digits without leading and trailing zeros, and the position of the point: value = 0.digits × 10^point.
    private static int ShortestDigits(double value, Span<byte> digits, out int point)
    {
        Span<byte> text = stackalloc byte[32];
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        // .NET 10 writes 2^-25 and 2^-958 with one digit too few (dotnet/runtime pull request 131131), so the result of "R" is checked.
        if (double.Parse(text[..length], NumberStyles.Float, CultureInfo.InvariantCulture) != value)
        {
            value.TryFormat(text, out length, "E16", CultureInfo.InvariantCulture);
        }
        return Split(text[..length], digits, out point);
    }

    private static int Split(ReadOnlySpan<byte> text, Span<byte> digits, out int point)
    {
        var (count, whole, exponent) = (0, -1, 0);
        var leading = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '.') whole = count + leading;
            else if (text[i] == 'E')
            {
                if (whole < 0) whole = count + leading;
                exponent = int.Parse(text[(i + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            else if (count == 0 && text[i] == '0') leading++;
            else digits[count++] = text[i];
        }
        if (whole < 0) whole = count + leading;
        point = whole - leading + exponent;
        while (digits[count - 1] == '0') count--;
        return count;
    }

    private static int Plain(ReadOnlySpan<byte> digits, int point, Span<byte> destination)
    {
        if (point <= 0)
        {
            "0.00000"u8[..(2 - point)].CopyTo(destination);
            digits.CopyTo(destination[(2 - point)..]);
            return 2 - point + digits.Length;
        }
        if (point >= digits.Length)
        {
            digits.CopyTo(destination);
            destination[digits.Length..point].Fill((byte)'0');
            return point;
        }
        digits[..point].CopyTo(destination);
        destination[point] = (byte)'.';
        digits[point..].CopyTo(destination[(point + 1)..]);
        return digits.Length + 1;
    }

    private static int Exponential(ReadOnlySpan<byte> digits, int exponent, Span<byte> destination)
    {
        var length = 0;
        destination[length++] = digits[0];
        if (digits.Length > 1)
        {
            destination[length++] = (byte)'.';
            digits[1..].CopyTo(destination[length..]);
            length += digits.Length - 1;
        }
        destination[length++] = (byte)'e';
        destination[length++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Math.Abs(exponent).TryFormat(destination[length..], out var written, provider: CultureInfo.InvariantCulture);
        return length + written;
    }
}

using System.Globalization;
using System.Numerics;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Python's <c>repr</c> of <c>int</c> and <c>float</c>.</summary>
internal static class PythonNumber
{
    /// <summary>CPython's default limit for converting integers to text (<c>sys.int_info.default_max_str_digits</c>).</summary>
    private const int MaximumDigits = 4300;

    private static readonly BigInteger Limit = BigInteger.Pow(10, MaximumDigits);

    public static void Repr(StringBuilder output, BigInteger value) => output.Append(Checked(value).ToString(CultureInfo.InvariantCulture));

    /// <summary>The integer itself, if Python would write it.</summary>
    public static BigInteger Checked(BigInteger value) => BigInteger.Abs(value) < Limit
        ? value
        : throw new UuidForgeException($"an integer of more than {MaximumDigits} digits: Python refuses to write it");

    /// <summary>The shortest digits that read back as the same value; fixed notation from 1e-4 up to, but not including, 1e16.</summary>
    public static void Repr(StringBuilder output, double value)
    {
        if (double.IsNaN(value))
        {
            output.Append("nan");
            return;
        }

        if (double.IsNegative(value))
            output.Append('-');
        value = Math.Abs(value);
        if (double.IsInfinity(value))
        {
            output.Append("inf");
            return;
        }

        var (digits, point) = ShortestDigits(value);
        if (point is > -4 and <= 16)
        {
            if (point <= 0)
                output.Append("0.").Append('0', -point).Append(digits);
            else if (digits.Length <= point)
                output.Append(digits).Append('0', point - digits.Length).Append(".0");
            else
                output.Append(digits, 0, point).Append('.').Append(digits, point, digits.Length - point);
            return;
        }

        output.Append(digits[0]);
        if (digits.Length > 1)
            output.Append('.').Append(digits, 1, digits.Length - 1);
        var exponent = point - 1;
        output.Append('e').Append(exponent < 0 ? '-' : '+').Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture));
    }

    /// <summary>The digits without leading or trailing zeros, and where the decimal point stands relative to the first of them.</summary>
    private static (string Digits, int Point) ShortestDigits(double value)
    {
        if (value == 0)
            return ("0", 1);
        var text = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        // "R" of .NET 9 and 10 is wrong for 2^-25 and 2^-958: it does not read back as the same value. "E16" does.
        if (double.Parse(shortest, CultureInfo.InvariantCulture) == value)
            text = shortest;

        var mark = text.IndexOf('E', StringComparison.Ordinal);
        var exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = mark < 0 ? text : text[..mark];
        var dot = mantissa.IndexOf('.', StringComparison.Ordinal);
        var point = (dot < 0 ? mantissa.Length : dot) + exponent;
        var digits = dot < 0 ? mantissa : mantissa.Remove(dot, 1);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), point - leading);
    }
}

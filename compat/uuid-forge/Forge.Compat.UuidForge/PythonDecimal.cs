using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Python's <c>decimal.Decimal</c>: sign, digits and exponent, written as its <c>__str__</c> does.</summary>
internal sealed partial record PythonDecimal(bool Negative, string Digits, int Exponent, string? Special = null)
{
    public static PythonDecimal From(decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        var digits = ((new BigInteger((uint)bits[2]) << 64) | (new BigInteger((uint)bits[1]) << 32) | (uint)bits[0])
            .ToString(CultureInfo.InvariantCulture);
        return new(bits[3] < 0, digits, -((bits[3] >> 16) & 0xFF));
    }

    public static PythonDecimal Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var match = Grammar().Match(text);
        if (!match.Success)
            throw new UuidForgeException(
                "decimal: not a text that Python's Decimal accepts (ASCII digits, at most one point, an optional exponent)");
        var negative = match.Groups["sign"].Value == "-";
        if (match.Groups["special"].Success)
            return new(negative, "", 0, char.ToUpperInvariant(match.Groups["special"].Value[0]) == 'N' ? "NaN" : "Infinity");

        var (whole, fraction) = (match.Groups["whole"].Value, match.Groups["fraction"].Value);
        if (!int.TryParse(match.Groups["exponent"].Value is { Length: > 0 } given ? given : "0", NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture, out var exponent) || Math.Abs((long)exponent) > 1_000_000)
            throw new UuidForgeException("decimal: the exponent is beyond ±1,000,000");
        var digits = (whole + fraction).TrimStart('0');
        return new(negative, digits.Length == 0 ? "0" : digits, exponent - fraction.Length);
    }

    public override string ToString()
    {
        var sign = Negative ? "-" : "";
        if (Special is not null)
            return sign + Special;

        // Scientific where the exponent is positive or the number is below 1e-6, as in the decimal arithmetic specification.
        var left = Exponent + Digits.Length;
        var point = Exponent <= 0 && left > -6 ? left : 1;
        var (whole, fraction) = point <= 0 ? ("0", new string('0', -point) + Digits)
            : point >= Digits.Length ? (Digits + new string('0', point - Digits.Length), "")
            : (Digits[..point], Digits[point..]);
        var exponent = left == point
            ? "" : string.Create(CultureInfo.InvariantCulture, $"E{(left > point ? "+" : "-")}{Math.Abs(left - point)}");
        return sign + whole + (fraction.Length > 0 ? "." + fraction : "") + exponent;
    }

    [GeneratedRegex(
        @"\A(?<sign>[+-])?(?:(?<special>inf(?:inity)?|nan)|"
        + @"(?:(?<whole>[0-9]+)(?:\.(?<fraction>[0-9]*))?|\.(?<fraction>[0-9]+))(?:[eE](?<exponent>[+-]?[0-9]{1,9}))?)\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Grammar();
}

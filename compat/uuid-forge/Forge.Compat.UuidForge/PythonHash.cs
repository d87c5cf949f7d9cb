using System.Globalization;
using System.Numerics;
using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>Which keys are one key to a Python <c>dict</c>: equal by <c>==</c>, across the types of numbers.</summary>
internal static class PythonHash
{
    /// <summary>A text that two values share if and only if they are the same key; each part has a defined end.</summary>
    /// <exception cref="UuidForgeException">Python cannot hash the value, or whether it equals another one cannot be known
    /// here.</exception>
    public static string Identity(object? value)
    {
        var identity = new StringBuilder();
        Append(identity, value, 0);
        return identity.ToString();
    }

    private static void Append(StringBuilder identity, object? value, int depth)
    {
        if (depth > PythonValue.MaxDepth)
            throw PythonValue.TooDeep();
        _ = value switch
        {
            null => identity.Append("none;"),
            string text => identity.Append(CultureInfo.InvariantCulture, $"str{text.Length}:{text};"),
            bool flag => Number(identity, flag ? BigInteger.One : BigInteger.Zero),
            BigInteger number => Number(identity, PythonNumber.Checked(number)),
            double number => Number(identity, number),
            PythonDecimal { Special: { } special, Negative: var negative } =>
                identity.Append(negative ? "-" : "").Append(special is "NaN" ? "Decimal " : "").Append(special).Append(';'),
            PythonDecimal number => Number(identity, number.Negative, number.Digits, number.Exponent),
            Guid id => identity.Append("uuid:").Append(Uuid.ToText(id)).Append(';'),
            DateOnly date => identity.Append(CultureInfo.InvariantCulture, $"date:{date.DayNumber};"),
            PythonDateTime { Zone: not null } =>
                throw new UuidForgeException("dict: a key in a named zone, which may be the same instant as another key; use an offset"),
            // Aware ones are equal if they are the same instant, and never equal to naive ones.
            PythonDateTime { Offset: { } offset } time =>
                identity.Append(CultureInfo.InvariantCulture, $"aware:{time.Local.Ticks - offset.Ticks};"),
            PythonDateTime time => identity.Append(CultureInfo.InvariantCulture, $"naive:{time.Local.Ticks};"),
            PythonValue.Sequence { Open: '(' } tuple => Tuple(identity, tuple, depth),
            _ => throw new UuidForgeException("dict: a list or dict as a key, which Python cannot hash"),
        };
    }

    private static StringBuilder Tuple(StringBuilder identity, PythonValue.Sequence tuple, int depth)
    {
        identity.Append('(');
        foreach (var item in tuple.Items)
            Append(identity, item.Inner, depth + 1);
        return identity.Append(')');
    }

    // Every finite number here is decimal digits times a power of ten. Without trailing zeros this form is unique, and it needs no
    // division: a Decimal may have a million digits.
    private static StringBuilder Number(StringBuilder identity, bool negative, ReadOnlySpan<char> digits, int exponent)
    {
        var significant = digits.TrimEnd('0');
        return significant.IsEmpty
            ? identity.Append("number:0;")
            : identity.Append(negative ? "number:-" : "number:").Append(significant)
                .Append(CultureInfo.InvariantCulture, $"E{exponent + digits.Length - significant.Length};");
    }

    private static StringBuilder Number(StringBuilder identity, BigInteger value, int exponent = 0) =>
        Number(identity, value.Sign < 0, BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture), exponent);

    private static StringBuilder Number(StringBuilder identity, double value)
    {
        if (double.IsNaN(value))
            return identity.Append("float nan;"); // equal only to itself as an object, which is unknown here; treated as one
        if (double.IsInfinity(value))
            return identity.Append(value < 0 ? "-Infinity;" : "Infinity;");
        var bits = BitConverter.DoubleToInt64Bits(value);
        var exponent = (int)(bits >> 52) & 0x7FF;
        var fraction = bits & 0xF_FFFF_FFFF_FFFF;
        BigInteger mantissa = exponent == 0 ? fraction : fraction | (1L << 52);
        if (value < 0)
            mantissa = -mantissa;
        // Halves are fives of tenths: 2^-n = 5^n * 10^-n, with n at most 1074.
        var twos = Math.Max(exponent, 1) - 1075;
        return twos >= 0 ? Number(identity, mantissa << twos) : Number(identity, mantissa * BigInteger.Pow(5, -twos), twos);
    }
}

using System.Globalization;
using System.Text.Json;
using ForgeShop.Forge;
using ForgeShop.Forge.Cli;
using ForgeShop.Forge.Compat.UuidForge;
using BigInteger = System.Numerics.BigInteger;

namespace ForgeShop.Vectors;

/// <summary>
/// Typed Python values of the vectors, {t, v}, as the compatibility layer takes them: the native type where it holds the same value.
/// </summary>
internal static class PythonValues
{
    private const int MaxDepth = 200;
    private const int MaxDigits = 10_000;

    public static PythonValue[] Arguments(JsonElement vector) => [.. Vector.Items(vector, "args").Select(value => Read(value, 0))];

    public static KeyValuePair<string, PythonValue>[] Keywords(JsonElement vector)
    {
        if (!Vector.Has(vector, "kwargs")) return [];
        var keywords = Vector.Get(vector, "kwargs");
        return keywords.ValueKind is JsonValueKind.Object
            ? [.. keywords.EnumerateObject().Select(keyword => KeyValuePair.Create(JsonText.Name(keyword), Read(keyword.Value, 0)))]
            : throw new MalformedVectorException("'kwargs' is not an object");
    }

    private static PythonValue Read(JsonElement typed, int depth)
    {
        if (depth > MaxDepth) throw new MalformedVectorException("a value is nested too deep");
        return Vector.Text(typed, "t") switch
        {
            "none" => PythonValue.None,
            "str" => Vector.Text(typed, "v"),
            "bool" => Vector.Flag(typed, "v"),
            "int" => Integer(Vector.Text(typed, "v")),
            "float" => Float(Vector.Text(typed, "v")),
            "decimal" => Decimal(Vector.Text(typed, "v")),
            "uuid" => Uuid.TryParse(Vector.Text(typed, "v"), out var id) ? id : throw new MalformedVectorException("a uuid is none"),
            "date" =>
                DateOnly.TryParseExact(
                    Vector.Text(typed, "v"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                    ? date
                    : throw new MalformedVectorException("a date is none"),
            "datetime" => Time(Vector.Text(typed, "v")),
            "list" => PythonValue.List([.. Vector.Items(typed, "v").Select(item => Read(item, depth + 1))]),
            "tuple" => PythonValue.Tuple([.. Vector.Items(typed, "v").Select(item => Read(item, depth + 1))]),
            "dict" => PythonValue.Dict([.. Vector.Items(typed, "v").Select(pair => Pair(pair, depth + 1))]),
            _ => throw new MalformedVectorException("a value is of a type that has no counterpart"),
        };
    }

    private static (PythonValue, PythonValue) Pair(JsonElement pair, int depth) =>
        pair.ValueKind is JsonValueKind.Array && pair.GetArrayLength() == 2
            ? (Read(pair[0], depth), Read(pair[1], depth))
            : throw new MalformedVectorException("a dict holds something else than pairs");

    private static BigInteger Integer(string text) =>
        text.Length <= MaxDigits && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new MalformedVectorException("an int is none");

    private static double Float(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                ? number
                : throw new MalformedVectorException("a float is none"),
    };

    private static PythonValue Decimal(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : PythonValue.DecimalText(text);

    private static PythonValue Time(string text)
    {
        const int dateLength = 10;
        var sign = text.Length > dateLength ? text.IndexOfAny(['+', '-'], dateLength) : -1;
        if (!DateTime.TryParseExact(sign < 0 ? text : text[..sign], ["yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.ffffff"],
            CultureInfo.InvariantCulture, DateTimeStyles.None, out var local)) throw new MalformedVectorException("a datetime is none");
        if (sign < 0) return local;
        if (!TimeSpan.TryParseExact(text[(sign + 1)..], [@"hh\:mm", @"hh\:mm\:ss", @"hh\:mm\:ss\.ffffff"], CultureInfo.InvariantCulture,
            out var offset)) throw new MalformedVectorException("an offset is none");
        if (text[sign] == '-') offset = -offset;
        if (offset == TimeSpan.Zero) return DateTime.SpecifyKind(local, DateTimeKind.Utc);
        return PythonValue.DateTimeWithOffset(local, offset);
    }
}

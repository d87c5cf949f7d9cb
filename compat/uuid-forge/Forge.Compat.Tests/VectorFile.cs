using System.Globalization;
using System.Numerics;
using System.Text.Json;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Forge.Compat.Tests;

/// <summary>Reads the vectors that the real library produced.</summary>
internal static class VectorFile
{
    public static JsonElement Load(string name) =>
        JsonSerializer.Deserialize<JsonElement>(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", name)));

    public static UuidForgeConfig Config(JsonElement vector)
    {
        var salt = vector.TryGetProperty("salt", out var given) ? given.GetString() ?? "" : "";
        if (!vector.TryGetProperty("namespace", out var space) || space.ValueKind == JsonValueKind.Null)
            return new UuidForgeConfig(NamespaceIds.Dns, salt);
        return space.TryGetProperty("domain", out var domain)
            ? UuidForgeConfig.ForDomain(domain.GetString()!, salt)
            : new UuidForgeConfig(space.GetProperty("uuid").GetGuid(), salt);
    }

    public static PythonValue[] Arguments(JsonElement vector) =>
        vector.TryGetProperty("args", out var arguments) ? [.. arguments.EnumerateArray().Select(Value)] : [];

    public static KeyValuePair<string, PythonValue>[] Keywords(JsonElement vector) => vector.TryGetProperty("kwargs", out var keywords)
        ? [.. keywords.EnumerateObject().Select(keyword => KeyValuePair.Create(keyword.Name, Value(keyword.Value)))]
        : [];

    private static PythonValue Value(JsonElement typed)
    {
        var value = typed.GetProperty("v");
        return typed.GetProperty("t").GetString() switch
        {
            "none" => PythonValue.None,
            "str" => value.GetString(),
            "int" => BigInteger.Parse(value.GetString()!, CultureInfo.InvariantCulture),
            "float" => Double(value.GetString()!),
            "bool" => value.GetBoolean(),
            "uuid" => Guid.Parse(value.GetString()!),
            "decimal" => Decimal(value.GetString()!),
            "date" => DateOnly.ParseExact(value.GetString()!, "yyyy-MM-dd", CultureInfo.InvariantCulture),
            "datetime" => Time(value.GetString()!),
            "list" => PythonValue.List([.. value.EnumerateArray().Select(Value)]),
            "tuple" => PythonValue.Tuple([.. value.EnumerateArray().Select(Value)]),
            "dict" => PythonValue.Dict([.. value.EnumerateArray().Select(pair => (Value(pair[0]), Value(pair[1])))]),
            var other => throw new NotSupportedException($"vector type {other}"),
        };
    }

    private static double Double(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    // The native type where it holds the same digits, the text form where it does not.
    private static PythonValue Decimal(string text) =>
        text.All(c => char.IsAsciiDigit(c) || c is '.' or '-') && !text.StartsWith("-0", StringComparison.Ordinal) && text.Length < 29
            ? decimal.Parse(text, CultureInfo.InvariantCulture)
            : PythonValue.DecimalText(text);

    private static PythonValue Time(string text)
    {
        var sign = text.IndexOfAny(['+', '-'], "yyyy-MM-dd".Length);
        var local = DateTime.ParseExact(
            sign < 0 ? text : text[..sign], ["yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.ffffff"], CultureInfo.InvariantCulture);
        if (sign < 0)
            return local;
        var offset = TimeSpan.ParseExact(text[(sign + 1)..], ["hh\\:mm", "hh\\:mm\\:ss"], CultureInfo.InvariantCulture) * (
            text[sign] == '-' ? -1 : 1);
        if (offset == TimeSpan.Zero)
            return DateTime.SpecifyKind(local, DateTimeKind.Utc);
        return offset.Seconds == 0 ? new DateTimeOffset(local, offset) : PythonValue.DateTimeWithOffset(local, offset);
    }
}

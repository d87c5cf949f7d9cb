using System.Globalization;
using System.Text.Json;
using ForgeShop.Forge;
using ForgeShop.Forge.Cli;
using ForgeShop.Forge.Compat.UuidForge;

namespace ForgeShop.Vectors;

/// <summary>
/// uuid-forge.extra.json, lone_surrogates: {entity_type, utf16, name, uuid}; one text argument, as UTF-16 units in hexadecimal.
/// </summary>
internal sealed class UuidForgeSurrogateVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "entity_type") && Vector.Has(vector, "utf16");

    public string? Check(JsonElement vector)
    {
        Vector.MustExpect(vector, "uuid", "name");
        var (entity, text) = (Vector.Text(vector, "entity_type"), string.Concat(Vector.Items(vector, "utf16").Select(Unit)));
        var generator = new UuidForgeGenerator(UuidForgeConfig.Default);
        return Vector.Differs(vector, "name", generator.Name(entity, [text], []))
            ?? Vector.Differs(vector, "uuid", Uuid.ToText(generator.Generate(entity, text)));
    }

    private static char Unit(JsonElement unit) =>
        unit.ValueKind is JsonValueKind.String
            && ushort.TryParse(JsonText.Read(unit), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? (char)value
            : throw new MalformedVectorException("a UTF-16 unit is none");
}

/// <summary>
/// uuid-forge.extra.json, unicode_version_dependent: {s, uuid: {version: uuid}}; without a version chosen, such a text is refused.
/// </summary>
internal sealed class UuidForgeVersionVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "s") && Vector.Has(vector, "uuid");

    public string? Check(JsonElement vector)
    {
        var text = Vector.Text(vector, "s");
        foreach (var (name, version) in PythonVersions.All)
        {
            var id = Uuid.ToText(new UuidForgeGenerator(UuidForgeConfig.Default, version).Generate("t", text));
            if (Vector.Differs(Vector.Get(vector, "uuid"), name, id) is { } difference) return difference;
        }
        try
        {
            _ = new UuidForgeGenerator(UuidForgeConfig.Default).Generate("t", text);
            return "was accepted without a version of Python";
        }
        catch (UuidForgeException)
        {
            return null;
        }
    }
}

/// <summary>python-nonprintable.json: {unicode, count, ranges} by version of Python: what its repr escapes.</summary>
internal sealed class PrintableVector : IVectorShape
{
    public bool Recognises(JsonElement vector) => Vector.Has(vector, "unicode") && Vector.Has(vector, "ranges");

    public string? Check(JsonElement vector)
    {
        var unicode = Vector.Text(vector, "unicode");
        var version = unicode switch
        {
            "14.0.0" => PythonVersion.Python311,
            "15.0.0" => PythonVersion.Python312,
            "15.1.0" => PythonVersion.Python313,
            _ => throw new MalformedVectorException("there is no table of this Unicode version"),
        };
        var escaped = new bool[0x110000];
        foreach (var range in Vector.Items(vector, "ranges")) Escaped(escaped, range).Fill(true);
        var generator = new UuidForgeGenerator(UuidForgeConfig.Default, version);
        for (var point = 0; point < escaped.Length; point++)
        {
            var text = point is >= 0xD800 and <= 0xDFFF ? ((char)point).ToString() : char.ConvertFromUtf32(point);
            if (point != '\\' && generator.Name("", [text], []).Contains('\\') != escaped[point])
                return $"U+{point:X4} is {(escaped[point] ? "not " : "")}escaped";
        }
        return null;
    }

    private static Span<bool> Escaped(bool[] escaped, JsonElement range)
    {
        if (range.ValueKind is JsonValueKind.Array && range.GetArrayLength() == 2
            && range[0].ValueKind is JsonValueKind.Number && range[0].TryGetInt32(out var first)
            && range[1].ValueKind is JsonValueKind.Number && range[1].TryGetInt32(out var last)
            && first >= 0 && first <= last && last < escaped.Length)
        {
            return escaped.AsSpan(first..(last + 1));
        }
        throw new MalformedVectorException("a range is none");
    }
}

internal static class PythonVersions
{
    public static readonly (string Name, PythonVersion Version)[] All =
        [("3.11", PythonVersion.Python311), ("3.12", PythonVersion.Python312), ("3.13", PythonVersion.Python313)];
}

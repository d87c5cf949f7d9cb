using System.Text.Json;
using FsCheck.Fluent;

namespace ForgeShop.Forge.Tests;

/// <summary>
/// The model of <see cref="KindTests"/> as a vector file: its answers to valid and invalid inputs, and at each boundary
/// of its lists of code points.
/// </summary>
internal static class ModelVectors
{
    private const int InputsOfAKind = 1_500;

    public static void Write(string path)
    {
        var inputs = Enum.GetValues<KeyKind>()
            .SelectMany(kind => Inputs.Any(kind).Sample(InputsOfAKind).Select(input => (Kind: kind, Input: input)))
            .Concat(Edges().SelectMany(point => new[] { point, "a" + point + "a" }).Select(input => (Kind: KeyKind.Text, Input: input)))
            // which a lone surrogate would become in JSON
            .Where(vector => !vector.Input.EnumerateRunes().Contains(System.Text.Rune.ReplacementChar));
        File.WriteAllBytes(
            path, JsonSerializer.SerializeToUtf8Bytes(new { kinds = inputs.Select(vector => Vector(vector.Kind, vector.Input)) }));
    }

    private static Dictionary<string, string> Vector(KeyKind kind, string input) => KindModel.Canonical(kind, input) is { } canonical
        ? new() { ["kind"] = kind.ToName(), ["input"] = input, ["canonical"] = canonical }
        : new() { ["kind"] = kind.ToName(), ["input"] = input, ["error"] = "refused" };

    private static IEnumerable<string> Edges() => Enumerable.Range(0, 0x110000)
        .Where(point => point is < 0xD800 or > 0xDFFF
            && (KindModel.Judge(point) != KindModel.Judge(Math.Max(point - 1, 0))
            || KindModel.Judge(point) != KindModel.Judge(Math.Min(point + 1, 0x10FFFF))))
        .Select(char.ConvertFromUtf32);
}

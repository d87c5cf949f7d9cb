using System.Globalization;
using System.Text.RegularExpressions;
using ForgeShop.Forge;

namespace ForgeShop.Fuzz.Ids;

/// <summary>Why a derivation is refused: where, the kind, the reason and the code point.</summary>
public sealed record Refusal(string Where, string? Kind, string Reason, int? CodePoint)
{
    /// <summary>Returns the refusal in a language with UTF-8 texts, where a lone surrogate is invalid UTF-8.</summary>
    public Refusal InUtf8() => CodePoint is not (>= 0xD800 and <= 0xDFFF)
        ? this
        : this with { CodePoint = null, Reason = Reason is nameof(KeyRefusal.LoneSurrogate) ? nameof(KeyRefusal.InvalidUtf8) : Reason };

    public override string ToString() =>
        $"refused: {Where}{(Kind is null ? "" : $" ({Kind})")}: {Reason}{(CodePoint is { } point ? $" U+{point:X4}" : "")}";
}

/// <summary>The answer to a derivation: an ID or a refusal.</summary>
public sealed partial record Answer(Guid? Id, Refusal? Refusal)
{
    /// <summary>Reads a line that <c>derive --why</c> prints; null if it has another form.</summary>
    public static Answer? Read(string line)
    {
        if (line.Length == 36 && Guid.TryParseExact(line, "D", out var id) && !line.Any(char.IsAsciiLetterUpper))
            return new(id, null);
        var parts = RefusalLine().Match(line);
        if (!parts.Success)
            return null;
        var kind = parts.Groups["kind"];
        return new(null, new(
            parts.Groups["where"].Value, kind.Success ? kind.Value : null, parts.Groups["reason"].Value,
            FirstCodePoint(parts.Groups["detail"].Value)));
    }

    public override string ToString() => Id?.ToString() ?? $"{Refusal}";

    internal static int? FirstCodePoint(string text) => NamedCodePoint().Match(text) is { Success: true } name
        ? int.Parse(name.ValueSpan[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)
        : null;

    [GeneratedRegex(@"^error: (?<where>[^(:]+?)(?: \((?<kind>[a-z0-9]+)\))?: (?<reason>[A-Za-z0-9]+): (?<detail>.+)$")]
    private static partial Regex RefusalLine();

    [GeneratedRegex("U\\+[0-9A-F]{4,6}")]
    private static partial Regex NamedCodePoint();
}

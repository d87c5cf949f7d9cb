using ADRaffy.ENSNormalize;

namespace ForgeShop.Contracts;

/// <summary>
/// The rules of displayed texts: a customer's name, a product's name, a reason. The text is in Unicode's composed form NFC, so that equal
/// looks are equal bytes. It has at least one visible character, and no character that breaks the line or changes the direction of adjacent
/// text.
/// </summary>
public static class DisplayName
{
    // Letters and symbols that have no glyph: the fillers of Hangul and the empty Braille pattern.
    private const string Blank = "\u115F\u1160\u3164\uFFA0\u2800";

    /// <summary>Returns the composed form. The framework's normalization needs ICU, which the services run without.</summary>
    public static string Compose(string text) => Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    /// <summary>Returns the trimmed text in composed form, or the validation message.</summary>
    /// <param name="what">The subject of the message: "A name".</param>
    /// <param name="min">The minimum number of characters (code points).</param>
    /// <param name="max">The maximum number of characters (code points).</param>
    public static (string? Text, string? Problem) Check(string? text, string what, int min, int max)
    {
        if (text is null)
            return (null, $"{what} is required.");
        if (text.EnumerateRunes().Any(IsForbidden))
            return (null, $"{what} must not contain control characters, line separators or characters that turn the direction of text.");
        var composed = Compose(text.Trim());
        var characters = composed.EnumerateRunes().Count();
        if (characters < min || characters > max)
            return (null, $"{what} has {min} to {max} characters.");
        return composed.EnumerateRunes().Any(IsVisible) ? (composed, null) : (null, $"{what} has at least one visible character.");
    }

    // Embeddings, overrides and isolates of the bidirectional algorithm are refused; plain direction marks are harmless. U+FFFD is the
    // replacement for undecodable bytes.
    private static bool IsForbidden(Rune rune) => rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0xFFFD
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static bool IsVisible(Rune rune) => !(rune.IsBmp && Blank.Contains((char)rune.Value, StringComparison.Ordinal))
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.PrivateUse);
}

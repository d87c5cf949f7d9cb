using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;

namespace ForgeShop.Contracts;

/// <summary>
/// A text that people read: the name of a customer or of a product, a reason. In Unicode's composed form NFC, so that what looks the same
/// is the same; with at least one visible character; without characters that break the line or turn the direction of what stands beside it.
/// </summary>
public static class DisplayName
{
    // Letters and symbols that have no glyph: the fillers of Hangul and the empty Braille pattern.
    private const string Blank = "\u115F\u1160\u3164\uFFA0\u2800";

    /// <summary>Returns the composed form. The framework's own needs ICU, which the services run without.</summary>
    public static string Compose(string text) => Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    /// <summary>Returns the text without surrounding white space in its composed form, or what is wrong with it.</summary>
    /// <param name="text">The text as the client sent it.</param>
    /// <param name="what">What it is, as the message begins: "A name".</param>
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

    // Embeddings, overrides and isolates of the bidirectional algorithm; the marks that only give a direction of their own are harmless.
    // U+FFFD stands for what a decoder could not read.
    private static bool IsForbidden(Rune rune) => rune.Value is (>= 0x202A and <= 0x202E) or (>= 0x2066 and <= 0x2069) or 0xFFFD
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static bool IsVisible(Rune rune) => !(rune.IsBmp && Blank.Contains((char)rune.Value, StringComparison.Ordinal))
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.NonSpacingMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);
}

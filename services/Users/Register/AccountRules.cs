using System.Collections.Frozen;
using System.Globalization;

namespace ForgeShop.Users;

/// <summary>The rules of names and passwords. Each returns a validation message, or null. Lengths are in code points.</summary>
public static class AccountRules
{
    private const int MaxPasswordLength = 256;

    /// <summary>The most common passwords that satisfy the other rules, in any case.</summary>
    private static readonly FrozenSet<string> CommonPasswords = ReadCommonPasswords();

    /// <summary>Returns the name in its stored form, or the validation message.</summary>
    public static (string? Text, string? Problem) Name(string? name) => DisplayName.Check(name, "A name", 2, 100);

    /// <summary>
    /// Returns the password as it is hashed, by the OpaqueString profile of RFC 8265: any space is U+0020, and the text is composed (NFC),
    /// so that all keyboards enter the same password. Null if it has a character that the profile disallows: such text is no account's
    /// password.
    /// </summary>
    public static string? PreparePassword(string? password)
    {
        if (!IsUnicode(password) || !password!.EnumerateRunes().All(IsAllowed))
            return null;
        var runes = password.EnumerateRunes()
            .Select(rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.SpaceSeparator ? new Rune(' ') : rune);
        return string.Concat(runes).Normalize(NormalizationForm.FormC);
    }

    public static string? Password(string? password)
    {
        if (password is null)
            return "A password is required.";
        if (PreparePassword(password) is not { } prepared)
            return "A password must not contain control characters or characters without a meaning.";
        var runes = prepared.EnumerateRunes().ToList();
        if (runes.Count > MaxPasswordLength)
            return $"A password has at most {MaxPasswordLength} characters.";
        var mixed = runes.Exists(Rune.IsUpper) && runes.Exists(Rune.IsLower) && runes.Exists(Rune.IsDigit);
        if (runes.Count < 12 && !(runes.Count >= 8 && mixed))
            return "A password has at least 12 characters, or at least 8 with an upper-case letter, a lower-case letter and a digit.";
        return CommonPasswords.Contains(prepared.Trim())
            ? "This password is one of the commonest, which are tried first. Choose another."
            : null;
    }

    private static FrozenSet<string> ReadCommonPasswords()
    {
        using var file = new StreamReader(typeof(AccountRules).Assembly.GetManifestResourceStream("common-passwords.txt")!);
        return file.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }

    // Half a surrogate pair and undecodable bytes appear as U+FFFD.
    private static bool IsUnicode(string? text) => text is not null && !text.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar);

    private static bool IsAllowed(Rune rune) => Rune.GetUnicodeCategory(rune)
        is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}

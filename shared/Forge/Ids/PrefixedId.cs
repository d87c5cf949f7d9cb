namespace ForgeShop.Forge;

/// <summary>
/// An ID with a prefix for its entity type, for people and logs: <c>usr_6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>. The prefix is declared in
/// the catalogue and is not part of the ID. The prefix of another entity type is refused.
/// </summary>
public static class PrefixedId
{
    private const int MaxPrefix = 16;

    /// <summary>Returns the prefixed text.</summary>
    /// <param name="prefix">The prefix: <c>^[a-z][a-z0-9]{0,15}$</c>.</param>
    /// <param name="id">The ID.</param>
    /// <exception cref="ForgeConfigurationException">The prefix is invalid.</exception>
    public static string Format(string prefix, Guid id)
    {
        CheckPrefix(prefix);
        return $"{prefix}_{Uuid.ToText(id)}";
    }

    /// <summary>
    /// Parses a prefixed text: exactly this prefix, an underscore, and the strict 36-character form
    /// (<see cref="Uuid.TryParse(ReadOnlySpan{char}, out Guid)"/>).
    /// </summary>
    /// <param name="prefix">The expected prefix.</param>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public static bool TryParse(string prefix, ReadOnlySpan<char> text, out Guid id)
    {
        CheckPrefix(prefix);
        id = default;
        return text.Length == prefix.Length + 1 + Uuid.TextLength
            && text.StartsWith(prefix, StringComparison.Ordinal)
            && text[prefix.Length] == '_'
            && Uuid.TryParse(text[(prefix.Length + 1)..], out id);
    }

    internal static void CheckPrefix(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        var valid = prefix.Length is > 0 and <= MaxPrefix && char.IsAsciiLetterLower(prefix[0]);
        foreach (var c in prefix) valid &= char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
        if (!valid) throw new ForgeConfigurationException("A prefix is a lower-case letter and up to 15 lower-case letters and digits.");
    }
}

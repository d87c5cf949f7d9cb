namespace ForgeShop.Forge;

/// <summary>
/// An ID with its entity type in front, for people and logs: <c>usr_6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>. The prefix is declared in the
/// catalogue, is never hashed and is never guessed from: another type's prefix is refused.
/// </summary>
public static class PrefixedId
{
    private const int MaxPrefix = 16;

    /// <summary>The prefixed text.</summary>
    /// <param name="prefix">The prefix: <c>^[a-z][a-z0-9]{0,15}$</c>.</param>
    /// <param name="id">The ID.</param>
    /// <exception cref="ForgeConfigurationException">Not such a prefix.</exception>
    public static string Format(string prefix, Guid id)
    {
        CheckPrefix(prefix);
        return $"{prefix}_{Uuid.ToText(id)}";
    }

    /// <summary>
    /// Reads a prefixed text: exactly this prefix, an underscore, and the strict 36-character form
    /// (<see cref="Uuid.TryParse(ReadOnlySpan{char}, out Guid)"/>).
    /// </summary>
    /// <param name="prefix">The prefix that must be there.</param>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether the text is exactly of that form.</returns>
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

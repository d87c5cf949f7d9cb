namespace ForgeShop.Forge;

/// <summary>An entity type: its name, the shape of its keys, and the prefix of its IDs. Immutable.</summary>
public sealed class EntityType
{
    /// <summary>The maximum depth of a key; the outer record is level 1.</summary>
    public const int MaxDepth = 8;

    /// <summary>Creates an entity type.</summary>
    /// <param name="name">The name: <c>^[a-z][a-z0-9_.-]{0,63}$</c>. It is part of every ID and must never change.</param>
    /// <param name="shape">The shape of its keys: one value (plain form) or a record.</param>
    /// <param name="prefix">The prefix of its IDs' prefixed text, <c>^[a-z][a-z0-9]{0,15}$</c>, for example <c>usr</c>; null for none. Not
    /// part of the ID.</param>
    /// <exception cref="ForgeConfigurationException">The name or prefix is invalid, or no key can have this shape.</exception>
    public EntityType(string name, KeyShape shape, string? prefix = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(shape);
        CheckName(name);
        if (prefix is not null) PrefixedId.CheckPrefix(prefix);
        if (shape.Form is KeyForm.List) throw new ForgeConfigurationException($"{name}: a key is one value or a record, not a list.");
        if (shape.Depth > MaxDepth) throw new ForgeConfigurationException($"{name}: the key is nested deeper than {MaxDepth} levels.");
        (Name, Shape, Prefix) = (name, shape, prefix);
    }

    /// <summary>Gets the name.</summary>
    public string Name { get; }

    /// <summary>Gets the shape of its keys.</summary>
    public KeyShape Shape { get; }

    /// <summary>Gets the prefix of the prefixed text of its IDs; null for none.</summary>
    public string? Prefix { get; }

    /// <summary>
    /// Returns the prefixed text of an ID, for example <c>usr_6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>; without a declared prefix, the
    /// text of the ID.
    /// </summary>
    /// <param name="id">The ID.</param>
    public string ToPrefixedText(Guid id) => Prefix is null ? Uuid.ToText(id) : PrefixedId.Format(Prefix, id);

    /// <summary>
    /// Parses exactly the text that <see cref="ToPrefixedText"/> writes. If a prefix is declared, an ID without it or with another prefix
    /// is refused.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public bool TryParsePrefixedText(ReadOnlySpan<char> text, out Guid id) =>
        Prefix is null ? Uuid.TryParse(text, out id) : PrefixedId.TryParse(Prefix, text, out id);

    private static void CheckName(string name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            var c = name[i];
            if (char.IsAsciiLetterLower(c) || (i > 0 && (char.IsAsciiDigit(c) || c is '_' or '.' or '-'))) continue;
            throw new ForgeConfigurationException(
                $"An entity type's name has U+{CodePoint.At(name, i):X4}; it is a lower-case letter and then lower-case letters, digits, "
                + "'_', '.' and '-'.");
        }
        // Checked after the characters: the text is ASCII then, and its length is the same in every language.
        if (name.Length is 0 or > 64) throw new ForgeConfigurationException("An entity type's name has 1 to 64 characters.");
    }
}

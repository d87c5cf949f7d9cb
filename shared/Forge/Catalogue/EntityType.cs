namespace ForgeShop.Forge;

/// <summary>An entity type: its name, the one shape of its keys, and what its IDs may be prefixed with. Immutable.</summary>
public sealed class EntityType
{
    /// <summary>How deep a key may nest: the outer record is level 1.</summary>
    public const int MaxDepth = 8;

    /// <summary>Declares an entity type.</summary>
    /// <param name="name">The name: <c>^[a-z][a-z0-9_.-]{0,63}$</c>. It is part of every ID: never rename one.</param>
    /// <param name="shape">The shape of its keys: one value (plain form) or a record.</param>
    /// <param name="prefix">The prefix of its IDs' prefixed text, <c>^[a-z][a-z0-9]{0,15}$</c>, for example <c>usr</c>; null for none. Not
    /// part of the ID.</param>
    /// <exception cref="ForgeConfigurationException">Not such a name or prefix, or a shape that no key can have.</exception>
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

    /// <summary>The name.</summary>
    public string Name { get; }

    /// <summary>The shape of its keys.</summary>
    public KeyShape Shape { get; }

    /// <summary>The prefix of its IDs' prefixed text, or null.</summary>
    public string? Prefix { get; }

    /// <summary>
    /// The ID's prefixed text, for example <c>usr_6e16f6c3-de6b-55c3-80ba-75907720bb8a</c>; the bare text where no prefix is declared.
    /// </summary>
    /// <param name="id">The ID.</param>
    public string ToPrefixedText(Guid id) => Prefix is null ? Uuid.ToText(id) : PrefixedId.Format(Prefix, id);

    /// <summary>
    /// Reads what <see cref="ToPrefixedText"/> writes, and nothing else: not the bare ID where a prefix is declared, nor another type's
    /// prefix.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether the text is exactly of that form.</returns>
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
        // After the characters, so that what is counted is ASCII and every language counts alike.
        if (name.Length is 0 or > 64) throw new ForgeConfigurationException("An entity type's name has 1 to 64 characters.");
    }
}

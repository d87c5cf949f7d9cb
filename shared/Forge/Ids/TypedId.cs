namespace ForgeShop.Forge;

/// <summary>What is the same for every <see cref="ITypedId{TSelf}"/>.</summary>
public static class TypedId
{
    /// <summary>
    /// Wraps an ID. A method rather than the static interface member, so that expression trees (EF Core's converters) can call it.
    /// </summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="value">The ID.</param>
    public static T From<T>(Guid value) where T : struct, ITypedId<T> => T.From(value);

    /// <summary>Reads the strict 36-character form.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">Anything else. The message does not repeat the text.</exception>
    public static T Parse<T>(ReadOnlySpan<char> text) where T : struct, ITypedId<T> => T.From(Uuid.Parse(text));

    /// <summary>Reads the strict 36-character form.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether the text is exactly of that form.</returns>
    public static bool TryParse<T>(ReadOnlySpan<char> text, out T id) where T : struct, ITypedId<T>
    {
        var parsed = Uuid.TryParse(text, out var value);
        id = T.From(value);
        return parsed;
    }

    /// <summary>Reads the strict 36-character form from ASCII bytes.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="utf8Text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>Whether the text is exactly of that form.</returns>
    public static bool TryParse<T>(ReadOnlySpan<byte> utf8Text, out T id) where T : struct, ITypedId<T>
    {
        var parsed = Uuid.TryParse(utf8Text, out var value);
        id = T.From(value);
        return parsed;
    }
}

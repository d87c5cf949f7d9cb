namespace ForgeShop.Forge;

/// <summary>The shared code of every <see cref="ITypedId{TSelf}"/>.</summary>
public static class TypedId
{
    /// <summary>
    /// Wraps an ID. Expression trees (converters of EF Core) can call this method, but not the static member of the interface.
    /// </summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="value">The ID.</param>
    public static T From<T>(Guid value) where T : struct, ITypedId<T> => T.From(value);

    /// <summary>Parses the strict 36-character form.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">The text has another form. The message does not repeat it.</exception>
    public static T Parse<T>(ReadOnlySpan<char> text) where T : struct, ITypedId<T> => T.From(Uuid.Parse(text));

    /// <summary>Parses the strict 36-character form.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public static bool TryParse<T>(ReadOnlySpan<char> text, out T id) where T : struct, ITypedId<T>
    {
        var parsed = Uuid.TryParse(text, out var value);
        id = T.From(value);
        return parsed;
    }

    /// <summary>Parses the strict 36-character form from ASCII bytes.</summary>
    /// <typeparam name="T">The type of ID.</typeparam>
    /// <param name="utf8Text">The text.</param>
    /// <param name="id">The ID.</param>
    /// <returns>True if the text has exactly this form.</returns>
    public static bool TryParse<T>(ReadOnlySpan<byte> utf8Text, out T id) where T : struct, ITypedId<T>
    {
        var parsed = Uuid.TryParse(utf8Text, out var value);
        id = T.From(value);
        return parsed;
    }
}

namespace ForgeShop.Forge;

/// <summary>
/// The path of a file that is named by an ID: <c>6e/16/6e16f6c3-de6b-55c3-80ba-75907720bb8a.dat</c>. The first two bytes of a derived ID
/// are uniformly distributed, so the 65,536 folders have about the same number of files. All characters are lower case, so the path is
/// also unique on file systems that ignore case.
/// </summary>
public static class ShardPath
{
    /// <summary>Returns the relative path, with <c>/</c> on every platform.</summary>
    /// <param name="id">The ID.</param>
    /// <param name="extension">The file's extension without the dot: 1 to 16 ASCII lower-case letters and digits.</param>
    /// <exception cref="ArgumentException">The extension is invalid.</exception>
    public static string Of(Guid id, string extension = "dat")
    {
        CheckExtension(extension);
        var text = Uuid.ToText(id);
        return $"{text.AsSpan(0, 2)}/{text.AsSpan(2, 2)}/{text}.{extension}";
    }

    /// <summary>Parses a path that <see cref="Of"/> returns.</summary>
    /// <param name="path">The relative path, with <c>/</c>.</param>
    /// <param name="id">The ID.</param>
    /// <param name="extension">The extension that the file must have.</param>
    /// <returns>True if it is exactly the path of the ID.</returns>
    public static bool TryParse(ReadOnlySpan<char> path, out Guid id, string extension = "dat")
    {
        CheckExtension(extension);
        id = default;
        const int folders = 6;
        if (path.Length != folders + Uuid.TextLength + 1 + extension.Length) return false;
        if (!Uuid.TryParse(path.Slice(folders, Uuid.TextLength), out var found) || !path.SequenceEqual(Of(found, extension))) return false;
        id = found;
        return true;
    }

    private static void CheckExtension(string extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        var valid = extension.Length is > 0 and <= 16;
        foreach (var c in extension) valid &= char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
        if (!valid) throw new ArgumentException(
            "An extension is 1 to 16 lower-case ASCII letters and digits, without the dot.", nameof(extension));
    }
}

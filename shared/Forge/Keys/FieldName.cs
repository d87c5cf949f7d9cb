namespace ForgeShop.Forge;

/// <summary>Names of fields: <c>^[a-z][a-z0-9_]{0,63}$</c>, so bytes, UTF-16 units and code points have the same order.</summary>
internal static class FieldName
{
    public const int MaxLength = 64;

    public static bool IsValid(string? name) => name is { Length: > 0 and <= MaxLength } && FirstWrong(name) < 0;

    /// <summary>Returns the index of the first character that a field name cannot have at its position, or -1.</summary>
    public static int FirstWrong(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < name.Length; i++)
        {
            if (!char.IsAsciiLetterLower(name[i]) && (i == 0 || (!char.IsAsciiDigit(name[i]) && name[i] != '_'))) return i;
        }
        return -1;
    }
}

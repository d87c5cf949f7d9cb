using System.Text;

namespace ForgeShop.Forge.Compat.UuidForge;

/// <summary>
/// Derives the same IDs as <c>generate_uuid_only(entity_type, *args, **kwargs)</c> of uuid-forge 0.1.1: the UUIDv5 of
/// <c>entity_type|salt:SALT|repr(arg)|...|name=repr(value)|...</c>, keyword arguments sorted by code point. Thread-safe.
/// </summary>
/// <remarks>
/// Its separators are not escaped, so different inputs can share an ID (<c>docs/migrating-from-uuid-forge.md</c>). Use it for existing
/// entities; derive new IDs with <see cref="ForgeDomain"/>.
/// </remarks>
/// <param name="config">Namespace and salt.</param>
/// <param name="version">The interpreter whose IDs are derived.</param>
public sealed class UuidForgeGenerator(UuidForgeConfig config, PythonVersion version = PythonVersion.Any)
{
    private readonly UuidForgeConfig _config = config ?? throw new ArgumentNullException(nameof(config));

    /// <summary>The ID of an entity with positional arguments only.</summary>
    /// <exception cref="UuidForgeException">Something that Python refuses or does not reproduce.</exception>
    public Guid Generate(string entityType, params ReadOnlySpan<PythonValue> arguments) => Generate(entityType, arguments, []);

    /// <summary>The ID of an entity with positional and keyword arguments, the latter in any order.</summary>
    /// <exception cref="UuidForgeException">Something that Python refuses or does not reproduce.</exception>
    public Guid Generate(string entityType, ReadOnlySpan<PythonValue> arguments, IEnumerable<KeyValuePair<string, PythonValue>> keywords) =>
        Id(Name(entityType, arguments, keywords));

    private Guid Id(string name) => NameBasedUuid.V5(_config.Namespace, StrictUtf8.Bytes("name", name));

    /// <summary>The name that is hashed, to see why two IDs differ. It contains the salt: keep it out of logs.</summary>
    /// <exception cref="UuidForgeException">Something that Python refuses or does not reproduce.</exception>
    public string Name(string entityType, ReadOnlySpan<PythonValue> arguments, IEnumerable<KeyValuePair<string, PythonValue>> keywords)
    {
        ArgumentNullException.ThrowIfNull(entityType);
        ArgumentNullException.ThrowIfNull(keywords);
        return Name(entityType, arguments, Sorted(keywords, ["entity_type", "config"]));
    }

    private string Name(string entityType, ReadOnlySpan<PythonValue> arguments, List<KeyValuePair<string, PythonValue>> sorted)
    {
        var name = new StringBuilder(entityType);
        if (_config.Salt.Length > 0)
            name.Append("|salt:").Append(_config.Salt);
        foreach (var argument in arguments)
            argument.Repr(name.Append('|'), version);

        foreach (var (keyword, value) in sorted)
            value.Repr(name.Append('|').Append(keyword).Append('='), version);
        return name.ToString();
    }

    // Sorted as in Python, without arguments that Python would refuse.
    private static List<KeyValuePair<string, PythonValue>> Sorted(
        IEnumerable<KeyValuePair<string, PythonValue>> keywords, ReadOnlySpan<string> parameters)
    {
        var sorted = keywords.ToList();
        foreach (var (keyword, _) in sorted)
        {
            if (keyword is null)
                throw new UuidForgeException("a keyword has no name");
            if (parameters.Contains(keyword))
                throw new UuidForgeException($"keyword '{keyword}' is a parameter of uuid-forge's own function");
        }

        sorted.Sort((left, right) => CompareCodePoints(left.Key, right.Key));
        for (var index = 1; index < sorted.Count; index++)
        {
            if (sorted[index].Key == sorted[index - 1].Key)
                throw new UuidForgeException("a keyword is given twice");
        }

        return sorted;
    }

    /// <summary>The ID with a prefix that is not hashed; without one the bare ID.</summary>
    /// <exception cref="UuidForgeException">
    /// Something that Python refuses or does not reproduce; so are keywords named <c>prefix</c> and <c>separator</c>, which
    /// <see cref="Generate(string, ReadOnlySpan{PythonValue}, IEnumerable{KeyValuePair{string, PythonValue}})"/> hashes as Python does.
    /// </exception>
    public string GenerateWithPrefix(
        string? prefix, string entityType, ReadOnlySpan<PythonValue> arguments, IEnumerable<KeyValuePair<string, PythonValue>> keywords,
        string separator = "-")
    {
        ArgumentNullException.ThrowIfNull(entityType);
        ArgumentNullException.ThrowIfNull(keywords);
        ArgumentNullException.ThrowIfNull(separator);
        var id = Uuid.ToText(Id(Name(entityType, arguments, Sorted(keywords, ["entity_type", "config", "prefix", "separator"]))));
        return string.IsNullOrEmpty(prefix) ? id : prefix + separator + id;
    }

    /// <summary>
    /// The ID at the end of a prefixed text. Stricter than uuid-forge, which accepts braces, signs and hyphens anywhere and can swallow
    /// hexadecimal letters of the prefix into the ID: here the last 36 characters must be the ID's canonical form, either case, after
    /// nothing or after the separator.
    /// </summary>
    /// <exception cref="ArgumentException">The separator is empty.</exception>
    public static bool TryExtract(string text, out Guid id, string separator = "-")
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentException.ThrowIfNullOrEmpty(separator);
        id = default;
        if (text.Length < Uuid.TextLength)
            return false;
        var before = text.AsSpan(0, text.Length - Uuid.TextLength);
        return (before.IsEmpty || before.EndsWith(separator, StringComparison.Ordinal))
            && Uuid.TryParse(text.AsSpan(before.Length), out id);
    }

    // Python sorts by code point; ordinal comparison of UTF-16 puts surrogate pairs before U+E000-U+FFFF.
    private static int CompareCodePoints(string left, string right)
    {
        var (a, b) = (left.EnumerateRunes(), right.EnumerateRunes());
        while (true)
        {
            var (hasLeft, hasRight) = (a.MoveNext(), b.MoveNext());
            if (!hasLeft || !hasRight)
                return hasLeft.CompareTo(hasRight);
            if (a.Current != b.Current)
                return a.Current.CompareTo(b.Current);
        }
    }
}

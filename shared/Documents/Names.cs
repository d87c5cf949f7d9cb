using System.Text.RegularExpressions;

namespace ForgeShop.Documents;

/// <summary>Names become table, column, collection and index names: letters and digits only, short enough for all of them.</summary>
internal static partial class Names
{
    /// <summary>The columns and members that every document has.</summary>
    private static readonly string[] Reserved = ["id", "version", "document"];

    [GeneratedRegex(@"^[a-z][a-z0-9_]{0,39}\z")]
    public static partial Regex CollectionPattern { get; }

    [GeneratedRegex(@"^[a-z][a-zA-Z0-9]{0,29}\z")]
    public static partial Regex FieldPattern { get; }

    public static void Check(string name, Regex pattern, string what)
    {
        if (!pattern.IsMatch(name) || Reserved.Contains(name))
            throw new ArgumentException($"'{name}' cannot name a {what}: it must match {pattern} and not be one of {string.Join(", ", Reserved)}.", nameof(name));
    }
}

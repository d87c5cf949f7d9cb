using System.Collections.Frozen;

namespace ForgeShop.Users;

/// <summary>The most common passwords that satisfy the other rules, in any case.</summary>
public static class CommonPasswords
{
    private static readonly FrozenSet<string> Known = Read().ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static bool Contains(string password) => Known.Contains(password.Trim());

    private static IEnumerable<string> Read()
    {
        using var file = typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is not embedded in this build.");
        using var reader = new StreamReader(file);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}

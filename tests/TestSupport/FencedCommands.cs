using System.Text.RegularExpressions;

namespace ForgeShop.TestSupport;

/// <summary>The commands in the fenced blocks of a document, with the output that it shows.</summary>
public static partial class FencedCommands
{
    private static readonly string[] Shells = ["", "console", "sh", "bash"];
    private static readonly string[] Programs = ["./forge ", "dotnet "];

    /// <summary>Returns each command with the output that the document shows, which is empty if it shows none.</summary>
    public static IEnumerable<(string Command, string Output)> Of(string document)
    {
        // All blocks are matched, so that the end of one in another language is not taken for a beginning.
        foreach (var lines in Block().Matches(document)
            .Where(block => Shells.Contains(block.Groups["language"].Value))
            .Select(block => block.Groups["lines"].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n')))
        {
            var hasPrompts = Array.Exists(lines, line => line.StartsWith("$ ", StringComparison.Ordinal));
            for (var index = 0; index < lines.Length; index++)
            {
                var line = lines[index];
                if (hasPrompts && line.StartsWith("$ ", StringComparison.Ordinal))
                {
                    var output = lines.Skip(index + 1).TakeWhile(next => !next.StartsWith("$ ", StringComparison.Ordinal));
                    yield return (Comment().Replace(line[2..], ""), string.Join('\n', output).Trim());
                }
                else if (!hasPrompts && Array.Exists(Programs, program => line.StartsWith(program, StringComparison.Ordinal)))
                {
                    yield return (Comment().Replace(line, ""), "");
                }
            }
        }
    }

    /// <summary>
    /// Returns the lines that README.md shows as the output of a command and that are not printed in this order. In the document, three
    /// dots stand for any text, and a port for any port.
    /// </summary>
    public static IReadOnlyList<string> NotPrinted(string command, IEnumerable<string> printed)
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var (missing, rest) = (new List<string>(), printed.ToList());
        foreach (var shown in Of(readme).Single(known => known.Command == command).Output.Split('\n').Where(shown => shown != "..."))
        {
            var pattern = Port().Replace(Regex.Escape(shown).Replace(@"\.\.\.", ".*", StringComparison.Ordinal), @":\d+");
            var at = rest.FindIndex(line => Regex.IsMatch(line, $"^{pattern}$"));
            if (at < 0)
                missing.Add(shown);
            rest.RemoveRange(0, at + 1);
        }

        return missing;
    }

    [GeneratedRegex("^```(?<language>[^\n]*)\n(?<lines>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+#\s.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(":[0-9]{4,5}")]
    private static partial Regex Port();
}

using System.Text.RegularExpressions;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>The commands in the fenced blocks of a document.</summary>
internal static partial class FencedCommands
{
    /// <summary>The subcommands of <c>./forge</c> that need neither servers nor a build.</summary>
    private static readonly string[] Quick = ["./forge id ", "./forge vectors ", "python3 -c "];

    private static string Tool => Path.Combine(Repository.Root, "artifacts", "bin", "Forge.Cli", "debug", "forge.dll");

    /// <summary>Returns each command with the output that the document shows, which is empty if it shows none.</summary>
    public static IEnumerable<(string Command, string Output)> Of(string document)
    {
        foreach (var lines in Block().Matches(document)
            .Select(block => block.Groups[1].Value.Replace("\\\n", "", StringComparison.Ordinal).Split('\n')))
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
                else if (!hasPrompts && line.StartsWith("./forge", StringComparison.Ordinal))
                {
                    yield return (Comment().Replace(line, ""), "");
                }
                else if (!hasPrompts && line.StartsWith("dotnet ", StringComparison.Ordinal))
                {
                    yield return (Comment().Replace(line, ""), "");
                }
            }
        }
    }

    public static bool IsQuick(string command) =>
        Array.Exists(Quick, prefix => command.StartsWith(prefix, StringComparison.Ordinal)) && !command.Contains('<');

    /// <summary>Runs the command in the root of the repository; <c>./forge</c> is the tool that is built already.</summary>
    public static async Task<string> RunAsync(string command, CancellationToken cancellationToken)
    {
        var script = $"forge_tool() {{ dotnet '{Tool}' \"$@\"; }}; {command.Replace("./forge ", "forge_tool ", StringComparison.Ordinal)}";
        return (await Command.RunAsync("bash", ["-c", script], Repository.Root, cancellationToken: cancellationToken)).Trim();
    }

    /// <summary>
    /// Returns the subcommand of <c>./forge</c> or the project of <c>dotnet</c> that does not exist; null if it exists.
    /// </summary>
    public static string? Unknown(string command, string help)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words[0] == "./forge")
            return Regex.IsMatch(help, $@"^\s*{Regex.Escape(words[1])}\b", RegexOptions.Multiline) ? null : words[1];

        return words[0] == "dotnet"
            ? words.FirstOrDefault(word => Project().IsMatch(word) && !Path.Exists(Path.Combine(Repository.Root, word)))
            : null;
    }

    [GeneratedRegex("^```(?:console|sh|bash)?\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\s+#\s.*$")]
    private static partial Regex Comment();

    [GeneratedRegex("^(services|shared|tests|tools|compat)/")]
    private static partial Regex Project();
}

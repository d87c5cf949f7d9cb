using System.Text.RegularExpressions;
using ForgeShop.TestSupport;

namespace ForgeShop.Services.Tests;

/// <summary>Runs the commands that documents show, or checks that they exist.</summary>
internal static partial class DocumentedCommands
{
    /// <summary>The subcommands of <c>./forge</c> that need neither servers nor a build.</summary>
    private static readonly string[] Quick = ["./forge id ", "forge id ", "./forge vectors ", "python3 -c "];

    private static string Tool => Path.Combine(Repository.Root, "artifacts", "bin", "Forge.Cli", "debug", "forge.dll");

    public static bool IsQuick(string command) =>
        Array.Exists(Quick, prefix => command.StartsWith(prefix, StringComparison.Ordinal)) && !command.Contains('<');

    /// <summary>Runs the command in the root of the repository; <c>./forge</c> is the tool that is built already.</summary>
    public static async Task<string> RunAsync(string command, CancellationToken cancellationToken)
    {
        var script = $"forge() {{ dotnet '{Tool}' \"$@\"; }}; {command.Replace("./forge ", "forge ", StringComparison.Ordinal)}";
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

    [GeneratedRegex("^(services|shared|tests|tools|compat)/")]
    private static partial Regex Project();
}

using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using ForgeShop.Forge;

namespace ForgeShop.Fuzz.Ids;

/// <summary>A language's package in polyglot/: the tools that it needs, its own tests, and its <c>derive</c> on standard input.</summary>
/// <param name="Folder">The folder of the package, from the root of the clone.</param>
/// <param name="OneIn">The fuzzer gives it every n-th key: 1 for all.</param>
public sealed partial record Port(string Name, string[] Tools, string Folder, string[] Test, string[] Derive, int OneIn = 1)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(8);

    public static IReadOnlyList<Port> All { get; } =
    [
        new("python", ["python3"], "polyglot/python", ["python3", "-m", "unittest"], ["python3", "run.py", "derive", "--why"]),
        new("javascript", ["node", "npm"], "polyglot/javascript", ["npm", "test"], ["node", "run.mjs", "derive", "--why"]),
        new("java", ["javac", "java"], "polyglot/java", ["sh", "run.sh", "test"], ["sh", "run.sh", "derive", "--why"]),
        // Without -count=1 go shows the result of an earlier run: it does not see that a vector outside the module has changed.
        new("go", ["go"], "polyglot/go", ["go", "test", "-count=1", "./..."], ["sh", "run.sh", "derive", "--why"]),
        // PL/pgSQL needs some ten times as long for a key as the others.
        new("sql", ["psql", "python3"], "polyglot/sql", ["python3", "run.py", "test"], ["python3", "run.py", "derive", "--why"], OneIn: 10),
    ];

    /// <summary>Gets whether its texts are bytes of UTF-8, in which a lone surrogate is only something invalid.</summary>
    public bool HasUtf8 => Name is "go";

    /// <summary>Gets the reasons of .NET that cannot arise there.</summary>
    public string[] ImpossibleReasons => Name switch
    {
        "go" => [nameof(KeyRefusal.LoneSurrogate)],
        "sql" => [nameof(KeyRefusal.LoneSurrogate), nameof(KeyRefusal.InvalidUtf8)],
        _ => [nameof(KeyRefusal.InvalidUtf8)],
    };

    /// <summary>Gets the first tool that is not installed; null if the port can run here.</summary>
    public string? Missing => Tools.FirstOrDefault(tool => !IsInstalled(tool));

    /// <summary>Gets the root of the clone: ports and vectors are used in place.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>
    /// Returns whether its texts can hold a line's. PostgreSQL refuses U+0000 and lone surrogates before the functions see them.
    /// </summary>
    public bool Holds(string line) => Name is not "sql" || !NotInPostgres().IsMatch(line);

    /// <summary>Derives the lines in one process.</summary>
    /// <returns>One answer for each line.</returns>
    /// <exception cref="InvalidOperationException">The process failed, or its answers are not one for each line.</exception>
    public async Task<string[]> DeriveAsync(IReadOnlyCollection<string> lines, string? postgres, CancellationToken cancellationToken)
    {
        var input = new StringBuilder(lines.Count * 300);
        foreach (var line in lines)
            input.Append(line).Append('\n');
        var (exitCode, output, errors) = await RunAsync(Derive, input.ToString(), postgres, cancellationToken);
        var answers = output.TrimEnd('\n').Split('\n');
        return exitCode == 0 && answers.Length == lines.Count
            ? answers
            : throw new InvalidOperationException(
                $"{Name}: exit code {exitCode}, {answers.Length} answers for {lines.Count} lines: {errors}");
    }

    /// <summary>Runs a command in the package's folder.</summary>
    public async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        string[] command, string? input, string? postgres, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Path.Combine(Root, Folder),
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (postgres is not null)
            start.Environment["FORGE_PG"] = postgres;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Timeout);
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(timeout.Token);
            var errors = process.StandardError.ReadToEndAsync(timeout.Token);
            if (input is not null)
                await process.StandardInput.WriteAsync(input.AsMemory(), timeout.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(timeout.Token);
            return (process.ExitCode, await output, await errors);
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    public override string ToString() => Name;

    // An escaped half of a surrogate pair may be next to its other half.
    [GeneratedRegex(@"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]")]
    private static partial Regex NotInPostgres();

    private static bool IsInstalled(string tool) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ForgeShop.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The program does not lie inside a clone.");
    }
}

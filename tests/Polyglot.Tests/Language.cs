using System.Diagnostics;
using System.Text.RegularExpressions;
using ForgeShop.Forge;

namespace ForgeShop.Polyglot.Tests;

/// <summary>A language's runner in polyglot/, or why it cannot run here.</summary>
public sealed partial record Language(string Name, string[] Tools, string[] Command)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    public static IReadOnlyList<Language> All { get; } =
    [
        new("python", ["python3"], ["python3", "polyglot/python/run.py"]),
        new("javascript", ["node"], ["node", "polyglot/javascript/run.mjs"]),
        new("java", ["javac", "java"], ["sh", "polyglot/java/run.sh"]),
        new("go", ["go"], ["sh", "polyglot/go/run.sh"]),
        new("sql", ["psql", "python3"], ["python3", "polyglot/sql/run.py"]),
    ];

    /// <summary>Whether its texts are bytes of UTF-8, in which a lone surrogate is only something invalid.</summary>
    public bool HasUtf8 => Name is "go";

    /// <summary>Reasons of .NET that cannot arise there.</summary>
    public string[] CannotSay => Name switch
    {
        "go" => [nameof(KeyRefusal.LoneSurrogate)],
        "sql" => [nameof(KeyRefusal.LoneSurrogate), nameof(KeyRefusal.InvalidUtf8)],
        _ => [nameof(KeyRefusal.InvalidUtf8)],
    };

    /// <summary>Whether its texts can hold what a line has. PostgreSQL refuses U+0000 and lone surrogates before the functions see them.</summary>
    public bool Holds(string line) => Name is not "sql" || !NotInPostgres().IsMatch(line);

    // An escaped half of a pair may stand beside its other half.
    [GeneratedRegex(@"\\u0000|\\ud[89ab]..(?!\\ud[c-f])|(?<!\\ud[89ab]..)\\ud[c-f]")]
    private static partial Regex NotInPostgres();

    /// <summary>Null where all tools are installed.</summary>
    public string? Missing => Tools.FirstOrDefault(tool => !IsInstalled(tool));

    public async Task<(int ExitCode, string Output, string Errors)> Run(string[] arguments, string? input, string? postgres, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Command[0])
        {
            WorkingDirectory = Root, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var argument in Command.Skip(1).Concat(arguments))
            start.ArgumentList.Add(argument);
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        if (postgres is not null)
            start.Environment["FORGE_PG"] = postgres;
        return await Run(start, input, cancellationToken);
    }

    public static async Task<(int ExitCode, string Output, string Errors)> Run(ProcessStartInfo start, string? input, CancellationToken cancellationToken)
    {
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

    /// <summary>The root of the clone: runners and vectors are used where they lie.</summary>
    public static string Root { get; } = FindRoot();

    public override string ToString() => Name;

    private static bool IsInstalled(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "ForgeShop.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The tests do not lie inside a clone.");
    }
}

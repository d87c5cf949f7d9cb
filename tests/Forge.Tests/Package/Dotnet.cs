using System.Diagnostics;
using System.Runtime.InteropServices;

namespace ForgeShop.Forge.Tests;

/// <summary>Runs the .NET command line and other programs, as a user of the packages does.</summary>
internal static class Dotnet
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(4);

    /// <summary>The folder of this runtime, for the launcher of an installed tool.</summary>
    private static string Root { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));

    public static Task<string> Run(string folder, string packageCache, params string[] arguments) =>
        RunProgram("dotnet", folder, packageCache, arguments);

    /// <summary>Returns the output of the program. Another exit code than 0 fails the test with the whole output.</summary>
    public static async Task<string> RunProgram(string program, string folder, string packageCache, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["NUGET_PACKAGES"] = packageCache;
        start.Environment["DOTNET_ROOT"] = Root;
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        // The date of the committer is part of the commit ID, which is part of the build.
        start.Environment["GIT_COMMITTER_DATE"] = "2026-01-01T00:00:00Z";
        // No process of the build outlives the test.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        timeout.CancelAfter(Timeout);
        using var process = Process.Start(start)!;
        try
        {
            var (output, errors) = (
                process.StandardOutput.ReadToEndAsync(timeout.Token), process.StandardError.ReadToEndAsync(timeout.Token));
            await process.WaitForExitAsync(timeout.Token);
            process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{await output}\n{await errors}");
            return await output;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}

using System.Diagnostics;

namespace ForgeShop.AppHost.Hosting;

/// <summary>The programs that the AppHost runs: those of this repository, and commands of the machine.</summary>
internal static class Programs
{
    /// <summary>
    /// Returns the executable of a project, in the same configuration as the running program: the build puts each program into
    /// <c>artifacts/bin/PROJECT/CONFIGURATION</c>.
    /// </summary>
    public static string PathOf(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.GetFullPath(Path.Combine(own.FullName, "..", "..", project, own.Name, FileName($"ForgeShop.{project}")));
    }

    /// <summary>Returns the path of a program in the PATH; null if it is not installed.</summary>
    public static string? InPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, FileName(program)))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs a program and returns what it writes.</summary>
    /// <exception cref="DistributedApplicationException">The program did not end in time.</exception>
    public static (int ExitCode, string Output, string Errors) Run(string program, TimeSpan timeout, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (process.WaitForExit(timeout))
            return (process.ExitCode, output.Result, errors.Result);
        process.Kill();
        throw new DistributedApplicationException(
            $"'{Path.GetFileName(program)} {string.Join(' ', arguments)}' did not end within {timeout.TotalSeconds:0} s");
    }

    private static string FileName(string program) => OperatingSystem.IsWindows() ? $"{program}.exe" : program;
}

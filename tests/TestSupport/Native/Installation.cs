using System.Globalization;
using System.Runtime.InteropServices;

namespace ForgeShop.TestSupport.Native;

/// <summary>Finds the programs of the native servers.</summary>
internal static class Installation
{
    private const string DebianPostgres = "/usr/lib/postgresql";

    /// <summary>Gets whether the native servers are installed.</summary>
    public static bool HasServers => Find("redis-server") is not null && (Directory.Exists(DebianPostgres) || Find("initdb") is not null);

    /// <summary>Gets the dotnet program that runs this process.</summary>
    public static string Dotnet { get; } =
        Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"));

    /// <summary>Returns the folder with the newest version of initdb and postgres.</summary>
    /// <exception cref="FileNotFoundException">PostgreSQL is not installed.</exception>
    public static string PostgresFolder()
    {
        var versions = Directory.Exists(DebianPostgres) ? Directory.GetDirectories(DebianPostgres) : [];
        var newest = versions.Where(folder => File.Exists(Path.Combine(folder, "bin", "postgres")))
            .MaxBy(folder => double.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var version) ? version : 0);
        return newest is null ? Path.GetDirectoryName(OnPath("initdb", package: "postgresql"))! : Path.Combine(newest, "bin");
    }

    /// <summary>Returns the path of a program.</summary>
    /// <exception cref="FileNotFoundException">The program is not installed.</exception>
    public static string OnPath(string program, string package) => Find(program)
        ?? throw new FileNotFoundException(
            $"{program} is not installed. Install the Debian package {package}, or start a container engine.");

    private static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}

using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>The PostgreSQL programs of one major version.</summary>
internal sealed record PostgresInstallation(int Version, string Folder)
{
    /// <summary>The user that distributions create for PostgreSQL, which refuses to run as root.</summary>
    public const string SystemUser = "postgres";

    public string Postgres => Path.Combine(Folder, "postgres");

    public string InitDb => Path.Combine(Folder, "initdb");

    public static PostgresInstallation? Newest() => All().MaxBy(one => one.Version);

    /// <summary>The installation that can read an existing data folder, or the newest one for a new folder.</summary>
    public static PostgresInstallation For(string dataFolder)
    {
        var versionFile = Path.Combine(dataFolder, "PG_VERSION");
        if (!File.Exists(versionFile))
            return Newest() ?? throw new NativeServerException(new MissingPrerequisite("PostgreSQL", "postgresql").ToString());

        var version = int.Parse(File.ReadAllText(versionFile), CultureInfo.InvariantCulture);
        return All().FirstOrDefault(one => one.Version == version)
            ?? throw new NativeServerException(
                $"the data in {dataFolder} was written by PostgreSQL {version}, which is not installed: install postgresql-{version}, or start with fresh data");
    }

    private static IEnumerable<PostgresInstallation> All()
    {
        const string debian = "/usr/lib/postgresql";
        var folders = Directory.Exists(debian) ? Directory.EnumerateDirectories(debian).Select(folder => Path.Combine(folder, "bin")) : [];
        if (Tool.Find("postgres") is { } program)
            folders = folders.Append(Path.GetDirectoryName(program)!);

        foreach (var folder in folders)
        {
            var (server, initDb) = (Path.Combine(folder, "postgres"), Path.Combine(folder, "initdb"));
            if (File.Exists(server) && File.Exists(initDb) && VersionOf(server) is { } version)
                yield return new(version, folder);
        }
    }

    private static int? VersionOf(string program)
    {
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"
        var (exitCode, output) = Tool.Run(program, ["--version"]);
        var number = output.Split(' ').ElementAtOrDefault(2)?.Split('.', 'b', 'r')[0];
        return exitCode == 0 && int.TryParse(number, CultureInfo.InvariantCulture, out var version) ? version : null;
    }
}

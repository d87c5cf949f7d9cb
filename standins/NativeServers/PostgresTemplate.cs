namespace ForgeShop.StandIns.NativeServers;

/// <summary>
/// initdb takes a second or two, copying its result a tenth. Tests start from one cached copy per machine and version, with the
/// well-known password that test containers have.
/// </summary>
internal static class PostgresTemplate
{
    public const string UserName = "postgres";
    private const string Password = "postgres";
    private const string Format = "v1"; // to be raised when the template's making changes

    private static readonly SemaphoreSlim OneMaker = new(1, 1);

    /// <summary>Copies the template into a data folder, making the template first if this machine has none.</summary>
    public static async Task CopyToAsync(DataFolder target, string name, CancellationToken cancellationToken)
    {
        var template = await MakeAsync(cancellationToken);
        var draft = target.In(name + ".new");
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);
        var (exitCode, output) = Tool.Run("cp", ["-a", "--reflink=auto", "--", template, draft]);
        if (exitCode != 0)
            throw new NativeServerException($"{template} cannot be copied: {output.Trim()}");
        target.WriteSecret(PostgresCluster.PasswordFile, Password + "\n");
        Directory.Move(draft, target.In(name));
    }

    private static async Task<string> MakeAsync(CancellationToken cancellationToken)
    {
        var installation = PostgresInstallation.Newest() ?? throw new NativeServerException(new MissingPrerequisite("PostgreSQL", "postgresql").ToString());
        var cached = Path.Combine(CacheFolder(), $"postgres-{installation.Version}-{UnixUser.CurrentUserId}-{Format}");
        if (Directory.Exists(cached))
            return cached;

        await OneMaker.WaitAsync(cancellationToken);
        try
        {
            if (Directory.Exists(cached))
                return cached;

            // Made where the server's user may write, then moved beside its place and renamed: other processes may be making it, too.
            var user = UnixUser.IsRoot ? UnixUser.Find(PostgresInstallation.SystemUser) : null;
            var workshop = TestFolder.Create("template");
            await using (var folder = await DataFolder.OpenAsync(workshop, user, null, cancellationToken))
            {
                PostgresCluster.Initialise(installation, folder, "data", user, UserName, Password, sync: false);
                var draft = $"{cached}.{Guid.NewGuid():N}";
                var (exitCode, output) = Tool.Run("cp", ["-a", "--", folder.In("data"), draft]);
                if (exitCode != 0)
                    throw new NativeServerException($"the template cannot be kept in {draft}: {output.Trim()}");
                try
                {
                    Directory.Move(draft, cached);
                }
                catch (IOException) when (Directory.Exists(cached))
                {
                    Directory.Delete(draft, recursive: true); // another process was first
                }
            }

            await DataFolder.DeleteAsync(workshop, cancellationToken);
            return cached;
        }
        finally
        {
            OneMaker.Release();
        }
    }

    /// <summary>artifacts/ of the repository whose output this program is, so that deleting it cleans up; otherwise the temp folder.</summary>
    private static string CacheFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var isOurs = folder.Name == "artifacts" && File.Exists(Path.Combine(folder.Parent!.FullName, "ForgeShop.sln"));
            if (isOurs && Tool.Run("test", ["-w", folder.FullName]).ExitCode == 0)
                return Directory.CreateDirectory(Path.Combine(folder.FullName, "cache")).FullName;
        }

        return PrivateFolder.Ensure(Path.Combine(Path.GetTempPath(), $"forgeshop-cache-{UnixUser.CurrentUserId}"));
    }
}

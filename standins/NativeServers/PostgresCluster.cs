using System.Globalization;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>A PostgreSQL data folder: made once, then served by the version that made it.</summary>
internal sealed record PostgresCluster(PostgresInstallation Installation, string Data, UnixUser? User, string Password)
{
    public const string PasswordFile = "password";
    private const string DataName = "data";

    /// <summary>Makes the data unless it is there, and knows its password.</summary>
    public static async Task<PostgresCluster> PrepareAsync(
        DataFolder folder, UnixUser? user, PostgresServerOptions options, CancellationToken cancellationToken)
    {
        var data = folder.In(DataName);
        if (!File.Exists(Path.Combine(data, "PG_VERSION")))
        {
            if (options is { Fast: true, UserName: PostgresTemplate.UserName })
                await PostgresTemplate.CopyToAsync(folder, DataName, cancellationToken);
            else
                Initialise(PostgresInstallation.For(data), folder, DataName, user, options.UserName, options.Password ?? PostgresServer.NewPassword(), sync: !options.Fast);
        }

        user?.Own(folder.Path);
        var passwordFile = folder.In(PasswordFile);
        if (!File.Exists(passwordFile))
            throw new NativeServerException($"{passwordFile} is gone, and with it the way into the data: start with fresh data");
        return new(PostgresInstallation.For(data), data, user, (await File.ReadAllTextAsync(passwordFile, cancellationToken)).Trim());
    }

    /// <summary>initdb, into a draft that is renamed at the end: half a data folder is never taken for a whole one.</summary>
    public static void Initialise(
        PostgresInstallation installation, DataFolder folder, string name, UnixUser? user, string userName, string password, bool sync)
    {
        var draft = folder.In(name + ".new");
        if (Directory.Exists(draft))
            Directory.Delete(draft, recursive: true);
        folder.CreateFolder(name + ".new");
        var passwordFile = folder.WriteSecret(PasswordFile, password + "\n");

        var (exitCode, output) = RunInitDb("C.UTF-8");
        if (exitCode != 0)
            (exitCode, output) = RunInitDb("C"); // a C library without C.UTF-8
        if (exitCode != 0)
            throw new NativeServerException($"initdb failed: {output.Trim().ReplaceLineEndings(" | ")}");
        Directory.Move(draft, folder.In(name));

        (int ExitCode, string Output) RunInitDb(string locale)
        {
            string[] initDb =
            [
                "TZ=UTC", "LC_ALL=" + locale, installation.InitDb, "--pgdata", draft, "--username", userName, "--pwfile", passwordFile,
                "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", locale, .. sync ? Array.Empty<string>() : ["--no-sync", "--wal-segsize", "1"],
            ];
            return user is null ? Tool.Run("env", initDb) : Tool.Run("setpriv", [.. user.SetprivArguments, "--", "env", .. initDb]);
        }
    }

    public Task<NativeProcess> StartAsync(int port, PostgresServerOptions options)
    {
        List<string> settings =
        [
            "listen_addresses=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"port={port}"),
            "unix_socket_directories=", // TCP serves; a socket file would be left behind by a kill
            string.Create(CultureInfo.InvariantCulture, $"max_connections={options.MaxConnections}"),
            "logging_collector=off",
            "log_destination=stderr",
            "lc_messages=C",
            "timezone=UTC",
            "log_timezone=UTC",
        ];
        settings.AddRange(options.Fast
            ? ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "dynamic_shared_memory_type=mmap"]
            : ["fsync=on", "full_page_writes=on", "synchronous_commit=on"]);
        settings.AddRange(options.Settings);

        // Nobody's client settings shall reach the server.
        var environment = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("PG", StringComparison.Ordinal))
            .ToDictionary(name => name, string? (_) => null);
        environment["LC_ALL"] = "C";
        environment["TZ"] = "UTC";

        return NativeProcess.StartAsync(new NativeProcessOptions
        {
            FileName = Installation.Postgres,
            Arguments = ["-D", Data, .. settings.SelectMany(setting => new[] { "-c", setting })],
            WorkingDirectory = Data,
            Environment = environment,
            RunAs = User,
            StopSignal = UnixSignal.Interrupt, // "fast": does not wait for clients to leave
            OnLine = options.OnLine,
        });
    }
}

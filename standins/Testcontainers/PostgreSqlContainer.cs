using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;
using ForgeShop.StandIns.NativeServers;

namespace Testcontainers.PostgreSql;

public sealed class PostgreSqlConfiguration : ContainerConfiguration
{
    internal string Database { get; set; } = PostgreSqlBuilder.DefaultDatabase;

    internal string Username { get; set; } = PostgreSqlBuilder.DefaultUsername;

    internal string Password { get; set; } = PostgreSqlBuilder.DefaultPassword;
}

public sealed class PostgreSqlBuilder : ContainerBuilder<PostgreSqlBuilder, PostgreSqlContainer, PostgreSqlConfiguration>
{
    public const ushort PostgreSqlPort = 5432;

    public const string DefaultDatabase = "postgres";

    public const string DefaultUsername = "postgres";

    public const string DefaultPassword = "postgres";

    [Obsolete("Obsolete in the original, too: name the image.")]
    public PostgreSqlBuilder()
        : this("postgres:15.1")
    {
    }

    public PostgreSqlBuilder(string image)
        : this(new PostgreSqlConfiguration { Image = image })
    {
    }

    private PostgreSqlBuilder(PostgreSqlConfiguration configuration)
        : base(configuration)
    {
    }

    public PostgreSqlBuilder WithDatabase(string database) => With(configuration => configuration.Database = database);

    public PostgreSqlBuilder WithUsername(string username) => With(configuration => configuration.Username = username);

    public PostgreSqlBuilder WithPassword(string password) => With(configuration => configuration.Password = password);

    public override PostgreSqlContainer Build()
    {
        ArgumentException.ThrowIfNullOrEmpty(DockerResourceConfiguration.Password);
        return new(DockerResourceConfiguration);
    }

    private protected override PostgreSqlBuilder Create(PostgreSqlConfiguration configuration) => new(configuration);
}

public sealed class PostgreSqlContainer : DockerContainer, IDatabaseContainer
{
    /// <summary>PostgreSQL's own default, which the image has as well.</summary>
    private const int DefaultMaxConnections = 100;

    private readonly PostgreSqlConfiguration configuration;

    public PostgreSqlContainer(PostgreSqlConfiguration configuration)
        : base(configuration, PostgreSqlBuilder.PostgreSqlPort) => this.configuration = configuration;

    public string GetConnectionString() =>
        $"Host={Hostname};Port={GetMappedPublicPort(PostgreSqlBuilder.PostgreSqlPort)};Database={configuration.Database};Username={configuration.Username};Password={configuration.Password}";

    /// <summary>Runs psql, which prints what it has to say and ends with 0 as long as it could connect.</summary>
    public async Task<ExecResult> ExecScriptAsync(string scriptContent, CancellationToken ct = default)
    {
        var script = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(script, scriptContent, ct);
            return await RunClientAsync(
                "psql",
                [
                    "--no-psqlrc", "--host", Hostname, "--port", $"{GetMappedPublicPort()}", "--username", configuration.Username,
                    "--dbname", configuration.Database, "--file", script,
                ],
                new Dictionary<string, string> { ["PGPASSWORD"] = configuration.Password },
                ct);
        }
        finally
        {
            File.Delete(script);
        }
    }

    private protected override async Task<INativeServer> StartServerAsync(string folder, int? port, CancellationToken ct)
    {
        var server = await PostgresServer.StartAsync(
            new PostgresServerOptions
            {
                DataFolder = folder,
                Port = port,
                UserName = configuration.Username,
                Password = configuration.Password,
                Fast = true,
                MaxConnections = DefaultMaxConnections,
                Settings = Settings(configuration.Command),
            },
            ct);
        try
        {
            await server.CreateDatabaseAsync(configuration.Database, ct);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>The image's command takes the server's arguments; here only "-c name=value" is.</summary>
    private static List<string> Settings(IReadOnlyList<string> command)
    {
        var settings = new List<string>();
        for (var i = 0; i < command.Count; i += 2)
        {
            if (command[i] != "-c" || i + 1 == command.Count)
                throw new NotSupportedException($"The stand-in for Testcontainers understands \"-c name=value\" only, not \"{command[i]}\".");
            settings.Add(command[i + 1]);
        }

        return settings;
    }
}

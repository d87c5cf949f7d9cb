using HealthChecks.NpgSql;
using HealthChecks.Redis;
using Npgsql;

namespace ForgeShop.AppHost.Hosting.Native;

/// <summary>The servers on a machine without a container engine: installed PostgreSQL and Redis, and the project's DevKafka.</summary>
internal static class NativeServers
{
    /// <summary>Replaces every container of the model by a process.</summary>
    /// <exception cref="DistributedApplicationException">A server is not installed; the message names the package.</exception>
    public static void RunServersNatively(this IDistributedApplicationBuilder builder, DataFolders data)
    {
        foreach (var server in builder.Resources.OfType<ContainerResource>().ToList())
        {
            switch (server)
            {
                case PostgresServerResource postgres: RunPostgres(builder.CreateResourceBuilder(postgres), data); break;
                case RedisResource redis: RunRedis(builder.CreateResourceBuilder(redis), data); break;
                case KafkaServerResource kafka: RunKafka(builder.CreateResourceBuilder(kafka), data); break;
                default: throw new DistributedApplicationException(
                    $"{server.Name} runs in a container only, and no container engine answers");
            }
        }
    }

    private static void RunPostgres(IResourceBuilder<PostgresServerResource> postgres, DataFolders data)
    {
        // Debian keeps the PostgreSQL server out of the PATH, in one folder for each major version.
        var bin = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Where(version => File.Exists($"{version}/bin/postgres"))
                .OrderByDescending(version => int.TryParse(Path.GetFileName(version), out var major) ? major : 0)
                .Select(version => $"{version}/bin").FirstOrDefault()
            : null;
        bin ??= Path.GetDirectoryName(Programs.InPath("postgres")) ?? throw Missing("PostgreSQL", "postgresql");
        postgres.RunAsNativeServer(
                Script("postgres.sh"), data.Root, connectionString => new NpgSqlHealthCheck(new(Administration(connectionString))),
                CreateDatabasesAsync)
            .WithArgs(bin, "-c")
            .WithArgs(context => context.Args.Add(
                ReferenceExpression.Create($"port={postgres.Resource.PrimaryEndpoint.Property(EndpointProperty.TargetPort)}")))
            .WithArgs("-c", "max_connections=300")
            .WithEnvironment("PGDATA", Path.Combine(data.ForPostgres(), "data"))
            .WithEnvironment("PGUSER", postgres.Resource.UserNameReference)
            .WithEnvironment("PGPASSWORD", postgres.Resource.PasswordParameter);
    }

    private static void RunRedis(IResourceBuilder<RedisResource> redis, DataFolders data)
    {
        _ = Programs.InPath("redis-server") ?? throw Missing("Redis", "redis-server");
        var folder = data.For("redis");
        redis.RunAsNativeServer(Script("redis.sh"), folder, connectionString => new RedisHealthCheck(connectionString))
            .WithArgs("--bind", "127.0.0.1", "--dir", folder, "--save", "60 1", "--port")
            .WithArgs(context => context.Args.Add(redis.Resource.PrimaryEndpoint.Property(EndpointProperty.TargetPort)))
            .WithEnvironment("REDIS_PASSWORD", redis.Resource.PasswordParameter!);
    }

    private static void RunKafka(IResourceBuilder<KafkaServerResource> kafka, DataFolders data) =>
        kafka.RunAsNativeServer(Programs.PathOf("DevKafka"), data.Root, bootstrapServers => new KafkaHealthCheck(bootstrapServers))
            .WithArgs("--data", data.For("kafka"), "--partitions", "6", "--port")
            .WithArgs(context => context.Args.Add(kafka.Resource.PrimaryEndpoint.Property(EndpointProperty.TargetPort)));

    private static async Task CreateDatabasesAsync(
        string connectionString, IEnumerable<IResource> children, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Administration(connectionString));
        await connection.OpenAsync(cancellationToken);
        foreach (var database in children.OfType<PostgresDatabaseResource>())
        {
            await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection)
            {
                Parameters = { new() { Value = database.DatabaseName } },
            };
            if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
                continue;
            var name = new NpgsqlCommandBuilder().QuoteIdentifier(database.DatabaseName);
            await using var create = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Administration(string connectionString) => $"{connectionString};Database=postgres";

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Native", name);

    private static DistributedApplicationException Missing(string server, string package) =>
        new($"{server} is missing: install it with 'apt-get install {package}', or start a container engine");
}

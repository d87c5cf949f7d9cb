using Npgsql;
using Testcontainers.PostgreSql;

[assembly: AssemblyFixture(typeof(ForgeShop.Messaging.Tests.Servers))]

namespace ForgeShop.Messaging.Tests;

/// <summary>One PostgreSQL and one Kafka for all tests. Each takes databases, topics' subjects and service names of its own; those that break their Kafka take a broker of their own.</summary>
public sealed class Servers : IAsyncLifetime
{
    private readonly PostgreSqlContainer _postgres = new PostgreSqlBuilder("postgres:18.3").WithCommand("-c", "max_connections=300").Build();

    public Broker Kafka { get; } = new();

    public async ValueTask InitializeAsync() =>
        await Task.WhenAll(_postgres.StartAsync(TestContext.Current.CancellationToken), Kafka.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await Kafka.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>An empty database.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"messaging_{Guid.NewGuid():N}";
        await AdministerAsync($"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(_postgres.GetConnectionString()) { Database = name, MaxPoolSize = 30, ConnectionIdleLifetime = 5, ConnectionPruningInterval = 2 }.ConnectionString;
    }

    /// <summary>Ends all connections to the database and lets nobody in, as seen from its clients: it is away.</summary>
    public Task ForbidConnectionsAsync(string database) => AdministerAsync(
        $"ALTER DATABASE {Name(database)} ALLOW_CONNECTIONS false; SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name(database)}'");

    public Task AllowConnectionsAsync(string database) => AdministerAsync($"ALTER DATABASE {Name(database)} ALLOW_CONNECTIONS true");

    private static string Name(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database!;

    private async Task AdministerAsync(string sql)
    {
        await using var server = NpgsqlDataSource.Create(_postgres.GetConnectionString());
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}

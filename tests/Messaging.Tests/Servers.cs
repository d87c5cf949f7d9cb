using ForgeShop.TestSupport;
using Npgsql;

[assembly: AssemblyFixture(typeof(ForgeShop.Messaging.Tests.Servers))]

namespace ForgeShop.Messaging.Tests;

/// <summary>
/// One PostgreSQL and one Kafka for all tests. Each test has databases, subjects and service names of its own; a test that stops its broker
/// has a broker of its own.
/// </summary>
public sealed class Servers : IAsyncLifetime
{
    private readonly PostgresServer _postgres = new();

    public KafkaServer Kafka { get; } = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Task.WhenAll(_postgres.StartAsync(Cancelled), Kafka.StartAsync(Cancelled));

    public async ValueTask DisposeAsync()
    {
        await Kafka.DisposeAsync();
        await _postgres.DisposeAsync();
    }

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public async Task<string> CreateDatabaseAsync() =>
        new NpgsqlConnectionStringBuilder(await _postgres.CreateDatabaseAsync("messaging", Cancelled)) { MaxPoolSize = 30 }
            .ConnectionString;

    /// <summary>Ends all connections to the database and refuses new ones: its clients see an outage.</summary>
    public Task ForbidConnectionsAsync(string database) => _postgres.ExecuteAsync(
        $"""
        ALTER DATABASE {Name(database)} ALLOW_CONNECTIONS false;
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{Name(database)}'
        """,
        Cancelled);

    public Task AllowConnectionsAsync(string database) =>
        _postgres.ExecuteAsync($"ALTER DATABASE {Name(database)} ALLOW_CONNECTIONS true", Cancelled);

    private static string Name(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database!;
}

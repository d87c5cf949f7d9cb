using ForgeShop.TestSupport;
using Npgsql;

[assembly: AssemblyFixture(typeof(ForgeShop.Messaging.Tests.Servers))]

namespace ForgeShop.Messaging.Tests;

/// <summary>The PostgreSQL server of all tests. Each service has a database, and a role that is no superuser.</summary>
public sealed class Servers : IAsyncLifetime
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public PostgresServer Postgres { get; } = new();

    public async ValueTask InitializeAsync() => await Postgres.StartAsync(Cancelled);

    public ValueTask DisposeAsync() => Postgres.DisposeAsync();

    /// <summary>Creates an empty database and returns the connection string of its owner.</summary>
    public async Task<string> CreateDatabaseAsync(PostgresServer? server = null)
    {
        var postgres = server ?? Postgres;
        var database = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync("messaging", Cancelled));
        await postgres.ExecuteAsync(
            $"CREATE ROLE {database.Database} LOGIN PASSWORD 'test'; ALTER DATABASE {database.Database} OWNER TO {database.Database}",
            Cancelled);
        (database.Username, database.Password) = (database.Database, "test");
        // As in production; the service of a test clears its pool at the end.
        database.Remove("Connection Idle Lifetime");
        database.Remove("Connection Pruning Interval");
        return database.ConnectionString;
    }

    /// <summary>Executes statements as the superuser; {0} stands for the database's name.</summary>
    public async Task ExecuteAsync(string database, string statements)
    {
        foreach (var statement in statements.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            await Postgres.ExecuteAsync(statement.Replace("{0}", Name(database), StringComparison.Ordinal), Cancelled);
    }

    /// <summary>Opens a connection of the superuser to the database, outside the pools of the services.</summary>
    public async Task<NpgsqlConnection> ConnectAsync(string database)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(Postgres.ConnectionString) { Database = Name(database), Pooling = false }.ConnectionString);
        await connection.OpenAsync(Cancelled);
        return connection;
    }

    private static string Name(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database!;
}

/// <summary>The Kafka of a test class, whose tests run one after the other.</summary>
public sealed class Broker : IAsyncLifetime
{
    public KafkaServer Kafka { get; } = new();

    public async ValueTask InitializeAsync() => await Kafka.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Kafka.DisposeAsync();
}

using System.Diagnostics;
using ForgeShop.TestSupport.Native;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Testcontainers.PostgreSql;

namespace ForgeShop.TestSupport;

/// <summary>A PostgreSQL server.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";

    /// <summary>Options of postgres. The data ends with the test, so it need not survive a crash of the machine.</summary>
    private static readonly string[] Options =
        ["-c", "max_connections=300", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off"];

    private readonly IServerHost _host;
    private readonly Func<string> _connectionString;

    public PostgresServer()
    {
        // A port of its own, and not the container engine's choice, so that the server keeps it when it is started again.
        var (port, password) = (FreePort.Next(), Guid.NewGuid().ToString("N"));
        if (ServerMode.UsesContainers)
        {
            var container = new PostgreSqlBuilder(Images.Postgres)
                .WithPassword(password).WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort).WithCommand(Options)
                    .WithLogger(NullLogger.Instance).Build();
            _host = new ContainerHost(container);
            _connectionString = container.GetConnectionString;
        }
        else
        {
            _host = new NativeServer("PostgreSQL", port, folder => Command(folder, port, password));
            _connectionString = () => $"Host=127.0.0.1;Port={port};Database=postgres;Username={User};Password={password}";
        }
    }

    /// <summary>Gets the connection string of the superuser. The server must be running.</summary>
    public string ConnectionString => _connectionString();

    internal IServerHost Host => _host;

    /// <summary>Starts the server and returns when it answers queries.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await _host.StartAsync(cancellationToken);
        // PostgreSQL accepts connections a moment before it lets clients log in.
        await Eventually.Get(
            "PostgreSQL answers", token => ExecuteAsync("SELECT 1", token), _ => true, cancellationToken: cancellationToken);
    }

    /// <summary>Stops the server, whose clients lose their connections, and keeps its data.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => _host.StopAsync(cancellationToken);

    /// <summary>Creates an empty database and returns its connection string.</summary>
    /// <param name="prefix">The beginning of the database's name; the rest makes it unique.</param>
    public async Task<string> CreateDatabaseAsync(string prefix, CancellationToken cancellationToken)
    {
        var name = $"{prefix}_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name}", cancellationToken);
        // Every database has a connection pool of its own. With the default idle time the pools together exceed the server's maximum.
        return new NpgsqlConnectionStringBuilder(ConnectionString)
        {
            Database = name, ConnectionIdleLifetime = 5, ConnectionPruningInterval = 2,
        }.ConnectionString;
    }

    /// <summary>Executes a statement as the superuser.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var server = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false });
        await using var command = server.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private static ProcessStartInfo Command(string folder, int port, string password) =>
        new("/bin/sh", [NativeServer.Script("postgres.sh"), Installation.PostgresFolder(), "-p", $"{port}", .. Options])
        {
            Environment = { ["PGDATA"] = Path.Combine(folder, "data"), ["PGUSER"] = User, ["PGPASSWORD"] = password },
        };
}

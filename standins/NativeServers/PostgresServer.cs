using System.Security.Cryptography;
using Npgsql;

namespace ForgeShop.StandIns.NativeServers;

/// <summary>A real PostgreSQL server on 127.0.0.1, on data of its own.</summary>
public sealed class PostgresServer : INativeServer
{
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(10);

    private readonly DataFolder folder;

    private PostgresServer(DataFolder folder, NativeProcess process, int port, string userName, string password)
    {
        this.folder = folder;
        Process = process;
        Port = port;
        UserName = userName;
        Password = password;
    }

    public NativeProcess Process { get; }

    public int Port { get; }

    public string UserName { get; }

    public string Password { get; private set; }

    /// <summary>Where the data really is; see <see cref="NativeServers.DataFolder"/>.</summary>
    public string DataFolder => folder.Path;

    /// <summary>For the database "postgres"; see <see cref="GetConnectionString"/>.</summary>
    public string ConnectionString => GetConnectionString("postgres");

    /// <summary>Starts the server and returns when it answers.</summary>
    public static async Task<PostgresServer> StartAsync(PostgresServerOptions options, CancellationToken cancellationToken = default)
    {
        Prerequisites.Require(Prerequisites.ForPostgres());
        var user = UnixUser.IsRoot ? UnixUser.Find(PostgresInstallation.SystemUser) : null;
        var folder = await NativeServers.DataFolder.OpenAsync(options.DataFolder, user, options.Log, cancellationToken);
        try
        {
            var cluster = await PostgresCluster.PrepareAsync(folder, user, options, cancellationToken);
            var (process, port) = await ServerStart.RunAsync(
                options.Port,
                async port =>
                {
                    var process = await cluster.StartAsync(port, options);
                    folder.Record(process);
                    return process;
                },
                async (port, token) => await (await ConnectAsync(Address(port, options.UserName, cluster.Password), token)).DisposeAsync(),
                cancellationToken);
            var server = new PostgresServer(folder, process, port, options.UserName, cluster.Password);
            try
            {
                if (options.Password is { } wanted && wanted != server.Password)
                    await server.ChangePasswordAsync(wanted, cancellationToken);
                return server;
            }
            catch
            {
                await process.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await folder.DisposeAsync();
            throw;
        }
    }

    public static string NewPassword() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20));

    public string GetConnectionString(string database)
    {
        var address = Address(Port, UserName, Password);
        address.Database = database;
        return address.ConnectionString;
    }

    /// <summary>Creates a database unless it is there already.</summary>
    public async Task CreateDatabaseAsync(string name, CancellationToken cancellationToken = default)
    {
        await using var connection = await ConnectAsync(Address(Port, UserName, Password), cancellationToken);
        await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } };
        if (await exists.ExecuteScalarAsync(cancellationToken) is not null)
            return;

        await using var create = connection.CreateCommand();
#pragma warning disable CA2100 // A database's name cannot be a parameter; it is quoted.
        create.CommandText = $"CREATE DATABASE {Quote(name)}";
#pragma warning restore CA2100
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Somebody else created it at the same moment.
        }
    }

    /// <summary>A fast shutdown: open transactions are rolled back, everything committed is on disk.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await Process.StopAsync(StopGrace, cancellationToken);
        folder.Forget();
        await folder.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Process.DisposeAsync();
    }

    private static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    private async Task ChangePasswordAsync(string wanted, CancellationToken cancellationToken)
    {
        await using (var connection = await ConnectAsync(Address(Port, UserName, Password), cancellationToken))
        {
            await using var format = new NpgsqlCommand("SELECT format('ALTER ROLE %I PASSWORD %L', $1, $2)", connection)
            {
                Parameters = { new() { Value = UserName }, new() { Value = wanted } },
            };
            await using var alter = connection.CreateCommand();
            alter.CommandText = (string)(await format.ExecuteScalarAsync(cancellationToken))!;
            await alter.ExecuteNonQueryAsync(cancellationToken);
        }

        folder.WriteSecret(PostgresCluster.PasswordFile, wanted);
        Password = wanted;
    }

    private static NpgsqlConnectionStringBuilder Address(int port, string userName, string password) =>
        new() { Host = "127.0.0.1", Port = port, Username = userName, Password = password, Database = "postgres" };

    private static async Task<NpgsqlConnection> ConnectAsync(NpgsqlConnectionStringBuilder address, CancellationToken cancellationToken)
    {
        // No pool: nothing of ours shall hold a connection while the shop or a test counts them.
        address.Pooling = false;
        address.Timeout = 5;
        var connection = new NpgsqlConnection(address.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

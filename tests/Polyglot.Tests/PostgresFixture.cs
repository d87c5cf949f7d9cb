using ForgeShop.TestSupport;
using Npgsql;

[assembly: AssemblyFixture(typeof(ForgeShop.Polyglot.Tests.PostgresFixture))]

namespace ForgeShop.Polyglot.Tests;

/// <summary>The database in which the SQL functions run.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly PostgresServer _server = new();

    /// <summary>Gets the database's address in psql's form.</summary>
    public string Uri
    {
        get
        {
            var connection = new NpgsqlConnectionStringBuilder(_server.ConnectionString);
            return $"postgresql://{connection.Username}:{connection.Password}@{connection.Host}:{connection.Port}/{connection.Database}";
        }
    }

    public async ValueTask InitializeAsync() => await _server.StartAsync(TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

using Npgsql;
using Testcontainers.PostgreSql;

[assembly: AssemblyFixture(typeof(ForgeShop.Polyglot.Tests.PostgresFixture))]

namespace ForgeShop.Polyglot.Tests;

/// <summary>The database in which the SQL functions run.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly PostgreSqlContainer _container = new PostgreSqlBuilder("postgres:18.3").Build();

    /// <summary>As psql takes it.</summary>
    public string Uri
    {
        get
        {
            var connection = new NpgsqlConnectionStringBuilder(_container.GetConnectionString());
            return $"postgresql://{connection.Username}:{System.Uri.EscapeDataString(connection.Password ?? "")}@{connection.Host}:{connection.Port}/{connection.Database}";
        }
    }

    public async ValueTask InitializeAsync() => await _container.StartAsync();

    public ValueTask DisposeAsync() => _container.DisposeAsync();
}

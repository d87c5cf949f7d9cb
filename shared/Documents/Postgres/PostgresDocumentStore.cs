using Microsoft.Extensions.Logging;
using Npgsql;

namespace ForgeShop.Documents.Postgres;

/// <summary>Documents in a PostgreSQL database: one table for each collection, the document as jsonb.</summary>
internal sealed class PostgresDocumentStore(NpgsqlDataSource database) : IDocumentStore, IAsyncDisposable
{
    public static PostgresDocumentStore Open(string connectionString, string name, ILoggerFactory logging)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, 15);
        // The adapter has few statements and leaves no state in a session.
        (settings.MaxAutoPrepare, settings.AutoPrepareMinUsages, settings.NoResetOnClose) = (100, 2, true);
        return new(new NpgsqlDataSourceBuilder(settings.ConnectionString) { Name = name }.UseLoggerFactory(logging).Build());
    }

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new PostgresCollection<T>(database, model);

    public Task DropAsync(string collection, CancellationToken cancellationToken) => ExecuteAsync($"DROP TABLE IF EXISTS \"{collection}\"", cancellationToken);

    public Task PingAsync(CancellationToken cancellationToken) => ExecuteAsync("SELECT 1", cancellationToken);

    public ValueTask DisposeAsync() => database.DisposeAsync();

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}

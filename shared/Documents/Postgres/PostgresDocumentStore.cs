using Npgsql;
using Polly;
using Polly.Retry;

namespace ForgeShop.Documents.Postgres;

/// <summary>Documents in a PostgreSQL database: a table a collection, the document as jsonb.</summary>
internal sealed class PostgresDocumentStore(NpgsqlDataSource database) : IDocumentStore, IAsyncDisposable
{
    /// <summary>For what may be asked twice. A write is not repeated here: after a lost answer only the caller can tell whether it happened.</summary>
    private readonly ResiliencePipeline _retry = new ResiliencePipelineBuilder()
        .AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<NpgsqlException>(exception => exception.IsTransient),
            MaxRetryAttempts = 3,
            Delay = TimeSpan.FromMilliseconds(100),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        })
        .Build();

    public IDocumentCollection<T> Collection<T>(DocumentModel<T> model) where T : class => new PostgresCollection<T>(database, model, _retry);

    public async Task PingAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();
}

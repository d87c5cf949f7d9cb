using Polly;
using Polly.Retry;

namespace ForgeShop.Databases;

/// <summary>Retries work at the start of a process until its database accepts it.</summary>
public static partial class DatabaseRetries
{
    /// <summary>Runs <paramref name="work"/> until no transient PostgreSQL error occurs; any other exception is thrown.</summary>
    public static async Task ExecuteAsync(
        IServiceProvider services, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(DatabaseRetries));
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = services.GetService<TimeProvider>() ?? TimeProvider.System }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(TransientPostgresErrors.Contains),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(5),
                UseJitter = true,
                OnRetry = retry =>
                {
                    LogRetry(logger, retry.AttemptNumber + 1, retry.RetryDelay, retry.Outcome.Exception);
                    return default;
                },
            })
            .Build();
        await pipeline.ExecuteAsync(async token => await work(token), cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "The database does not answer (attempt {Attempt}); retrying in {Delay}")]
    private static partial void LogRetry(ILogger logger, int attempt, TimeSpan delay, Exception? error);
}

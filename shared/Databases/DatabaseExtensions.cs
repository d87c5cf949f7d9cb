using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace ForgeShop.Databases;

public static class DatabaseExtensions
{
    /// <summary>The maximum wait of a request for a connection, pooled or new, in seconds.</summary>
    public const int ConnectionTimeout = 5;

    /// <summary>The time-out of one statement, in seconds.</summary>
    public const int CommandTimeout = 8;

    /// <summary>The time-out of one wait for a lock, in milliseconds.</summary>
    public const int LockTimeout = 3000;

    /// <summary>The maximum number of retries of a request's transaction after a transient error.</summary>
    public const int Retries = 1;

    public static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    /// <summary>The maximum pool size. PostgreSQL accepts 100 connections by default, shared by all services.</summary>
    private const int MaxPoolSize = 12;

    /// <summary>
    /// Adds the service's database: EF Core on the connection string <paramref name="name"/>, with a bounded pool and time-outs that are
    /// shorter than the caller's. The migrator has already updated its schema.
    /// </summary>
    /// <param name="seed">Runs at every start and adds missing rows only. <c>/health</c> reports healthy only afterwards.</param>
    public static IHostApplicationBuilder AddDatabase<TContext>(
        this IHostApplicationBuilder builder, string name,
        Func<IServiceProvider, CancellationToken, Task>? seed = null)
        where TContext : DbContext
    {
        builder.AddNpgsqlDbContext<TContext>(
            name,
            settings =>
            {
                settings.ConnectionString = WithLimits(settings.ConnectionString);
                settings.DisableRetry = true;
            },
            options => options.UseSnakeCaseNamingConvention().AddInterceptors(ReadOnlyConnections.Instance).UseNpgsql(npgsql => npgsql
                .EnableRetryOnFailure(Retries, RetryDelay, errorCodesToAdd: null)
                .CommandTimeout(CommandTimeout)));
        if (seed is null)
            return builder;
        builder.Services.AddSingleton(services => new DatabaseSeed(seed, services));
        builder.Services.AddHostedService(services => services.GetRequiredService<DatabaseSeed>());
        builder.Services.AddHealthChecks().AddCheck<DatabaseSeed>("seed");
        return builder;
    }

    /// <summary>Adds a bounded pool, prepared statements and time-outs. Values that the string sets itself are kept.</summary>
    public static string? WithLimits(string? connectionString)
    {
        // The design-time tools run without a connection string.
        if (string.IsNullOrEmpty(connectionString))
            return connectionString;
        var settings = new DbConnectionStringBuilder { ConnectionString = connectionString };
        void SetDefault(string keyword, object value)
        {
            if (!settings.ContainsKey(keyword))
                settings[keyword] = value;
        }

        SetDefault("Maximum Pool Size", MaxPoolSize);
        SetDefault("Max Auto Prepare", 100);
        SetDefault("Auto Prepare Min Usages", 2);
        // No code keeps session state: the relay's advisory lock has a connection of its own.
        SetDefault("No Reset On Close", true);
        SetDefault("Timeout", ConnectionTimeout);
        SetDefault("Command Timeout", CommandTimeout);
        SetDefault("Options", $"-c lock_timeout={LockTimeout}");
        return settings.ConnectionString;
    }
}

/// <summary>Adds a service's first rows at start; <c>/health</c> reports healthy only afterwards.</summary>
internal sealed class DatabaseSeed(Func<IServiceProvider, CancellationToken, Task> seed, IServiceProvider services)
    : BackgroundService, IHealthCheck
{
    private volatile bool _isDone;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_isDone ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The first rows are not stored yet."));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await DatabaseRetries.ExecuteAsync(services, async token =>
        {
            await using var scope = services.CreateAsyncScope();
            await seed(scope.ServiceProvider, token);
        }, stoppingToken);
        _isDone = true;
    }
}

/// <summary>
/// Removes pooled connections to a server that has become read-only. A connection keeps its initial settings, so it would still fail after
/// the server is writable again.
/// </summary>
internal sealed class ReadOnlyConnections : DbCommandInterceptor
{
    public static ReadOnlyConnections Instance { get; } = new();

    public override Task CommandFailedAsync(
        DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        if (eventData.Exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction }
            && command.Connection is NpgsqlConnection connection)
            NpgsqlConnection.ClearPool(connection);
        return Task.CompletedTask;
    }
}

using System.Data.Common;
using ForgeShop.ServiceDefaults.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.ServiceDefaults;

public static class DatabaseExtensions
{
    /// <summary>The maximum pool size. PostgreSQL accepts 100 connections by default, shared by all services.</summary>
    private const int MaxPoolSize = 12;

    /// <summary>
    /// Adds the service's database: EF Core on the connection string <paramref name="name"/>, with a bounded pool and time-outs that are
    /// shorter than the caller's. The migrator has already updated its schema.
    /// </summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="name">The name of the connection string.</param>
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
                .EnableRetryOnFailure(TimeBudgets.Retries, TimeBudgets.RetryDelay, errorCodesToAdd: null)
                .CommandTimeout(TimeBudgets.CommandSeconds)));
        if (seed is null)
            return builder;
        builder.Services.AddSingleton(services => new DatabaseSeed(seed, services));
        builder.Services.AddHostedService(services => services.GetRequiredService<DatabaseSeed>());
        builder.Services.AddHealthChecks().AddCheck<DatabaseSeed>("seed");
        return builder;
    }

    /// <summary>
    /// Returns the connection string with a bounded pool, prepared statements and time-outs. Values that the string sets itself are kept.
    /// </summary>
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
        SetDefault("Timeout", TimeBudgets.ConnectionSeconds);
        SetDefault("Command Timeout", TimeBudgets.CommandSeconds);
        SetDefault("Options", $"-c lock_timeout={TimeBudgets.LockMilliseconds}");
        return settings.ConnectionString;
    }
}

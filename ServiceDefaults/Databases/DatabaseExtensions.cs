using System.Data.Common;
using ForgeShop.ServiceDefaults.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ForgeShop.ServiceDefaults;

public static class DatabaseExtensions
{
    /// <summary>PostgreSQL takes 100 connections by default, and all services share them.</summary>
    private const int MaxPoolSize = 12;

    /// <summary>
    /// Adds the service's database: EF Core on the connection string <paramref name="name"/>, with a bounded pool and time-outs that are shorter than the
    /// caller's. The migrator has brought its schema up to date.
    /// </summary>
    /// <param name="builder">The service's builder.</param>
    /// <param name="name">The name of the connection string.</param>
    /// <param name="seed">Runs at every start, so it adds only what is absent. <c>/health</c> is green only afterwards.</param>
    public static IHostApplicationBuilder AddDatabase<TContext>(
        this IHostApplicationBuilder builder, string name, Func<IServiceProvider, CancellationToken, Task>? seed = null) where TContext : DbContext
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

    /// <summary>Returns the connection string with a bounded pool, prepared statements and time-outs; what it sets itself stays.</summary>
    public static string? WithLimits(string? connectionString)
    {
        // The tools that write migrations have none.
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
        // No code leaves state in a session: the advisory lock of the relay is on a connection of its own.
        SetDefault("No Reset On Close", true);
        SetDefault("Timeout", TimeBudgets.ConnectionSeconds);
        SetDefault("Command Timeout", TimeBudgets.CommandSeconds);
        SetDefault("Options", $"-c lock_timeout={TimeBudgets.LockMilliseconds}");
        return settings.ConnectionString;
    }
}

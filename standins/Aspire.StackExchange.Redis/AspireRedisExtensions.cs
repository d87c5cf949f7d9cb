using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

public static class AspireRedisExtensions
{
    private const string SectionName = "Aspire:StackExchange:Redis";
    private const string HealthCheckName = "StackExchange.Redis";

    public static void AddRedisClient(
        this IHostApplicationBuilder builder,
        string connectionName,
        Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionName);
        var settings = new StackExchangeRedisSettings();
        builder.Configuration.GetSection(SectionName).Bind(settings);
        builder.Configuration.GetSection($"{SectionName}:{connectionName}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.AddSingleton<IConnectionMultiplexer>(services =>
        {
            if (string.IsNullOrWhiteSpace(settings.ConnectionString))
            {
                throw new InvalidOperationException(
                    $"No endpoints specified. Ensure a valid connection string was provided in 'ConnectionStrings:{connectionName}' or for the '{SectionName}:ConnectionString' configuration key.");
            }

            var options = ConfigurationOptions.Parse(settings.ConnectionString);
            // A Redis that is down now is connected to when it comes.
            options.AbortOnConnectFail = false;
            configureOptions?.Invoke(options);
            var connection = ConnectionMultiplexer.Connect(options);
            services.GetService<RedisInstrumentation>()?.Observe(connection);
            return connection;
        });

        if (!settings.DisableTracing)
        {
            builder.Services.AddSingleton<RedisInstrumentation>();
            builder.Services.AddOpenTelemetry().WithTracing(tracing => tracing.AddSource(RedisInstrumentation.SourceName));
        }

        if (!settings.DisableHealthChecks)
        {
            // The check itself connects, so that a Redis that is down is the check's answer and not the service's end.
            builder.Services.AddHealthChecks().AddCheck<RedisHealth>(HealthCheckName);
        }
    }

    private sealed class RedisHealth(IServiceProvider services) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                await services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().PingAsync().WaitAsync(cancellationToken);
                return HealthCheckResult.Healthy();
            }
            catch (Exception error) when (error is RedisException or TimeoutException)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception: error);
            }
        }
    }
}

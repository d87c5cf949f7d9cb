using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>
/// Migrates while the service already answers its probes. EF Core takes a lock in the database, so replicas that start
/// together wait for each other.
/// </summary>
internal sealed partial class DatabaseMigration<TContext> : BackgroundService where TContext : DbContext
{
    private static readonly string Name = typeof(TContext).Name;
    private static readonly ActivitySource Source = new("ForgeShop.Migrations");
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    // Then the service ends, and whoever runs it decides what next.
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromMinutes(2);

    private readonly Func<IServiceProvider, CancellationToken, Task>? _seed;
    private readonly IServiceScopeFactory _scopes;
    private readonly DatabaseMigrations _migrations;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public DatabaseMigration(
        Func<IServiceProvider, CancellationToken, Task>? seed, IServiceScopeFactory scopes, DatabaseMigrations migrations, TimeProvider time, ILogger logger)
    {
        (_seed, _scopes, _migrations, _time, _logger) = (seed, scopes, migrations, time, logger);
        migrations.Expect(Name);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = _time.GetTimestamp();
        for (var failures = 1; ; failures++)
        {
            var pause = Backoff.After(failures, FirstPause, LongestPause);
            try
            {
                await MigrateAsync(stoppingToken);
                _migrations.Finished(Name);
                LogFinished(_logger, Name, _time.GetElapsedTime(started).TotalMilliseconds);
                return;
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested && _time.GetElapsedTime(started) + pause < GiveUpAfter)
            {
                LogRetry(_logger, Name, pause, error);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogGaveUp(_logger, Name, error);
                Environment.ExitCode = 1;
                throw;
            }

            await Task.Delay(pause, _time, stoppingToken);
        }
    }

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        using var activity = Source.StartActivity($"migrate {Name}");
        await using (var scope = _scopes.CreateAsyncScope())
            await scope.ServiceProvider.GetRequiredService<TContext>().Database.MigrateAsync(cancellationToken);
        if (_seed is null)
            return;
        await using (var scope = _scopes.CreateAsyncScope())
            await _seed(scope.ServiceProvider, cancellationToken);
    }

    [LoggerMessage(LogLevel.Information, "{Context}: the database is up to date after {Milliseconds:0} ms")]
    private static partial void LogFinished(ILogger logger, string context, double milliseconds);

    [LoggerMessage(LogLevel.Warning, "{Context}: the database cannot be brought up to date yet; next attempt in {Pause}")]
    private static partial void LogRetry(ILogger logger, string context, TimeSpan pause, Exception error);

    [LoggerMessage(LogLevel.Critical, "{Context}: the database could not be brought up to date; the service ends")]
    private static partial void LogGaveUp(ILogger logger, string context, Exception error);
}

using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Users;

/// <summary>Removes what is of no use to anybody any more: sessions past their time with their refresh tokens, and failures that are forgotten anyway.</summary>
public sealed partial class SessionCleanup(IServiceScopeFactory scopes, TimeProvider time, ILogger<SessionCleanup> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first round is an hour after the start, when the tables are there.
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await CleanAsync(scope.ServiceProvider.GetRequiredService<UsersDb>(), time.GetUtcNow(), stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogLater(logger, error);
            }
        }
    }

    public static async Task CleanAsync(UsersDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await db.Sessions.Where(session => session.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await db.RefreshTokens.Where(token => token.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        await db.LoginFailures.Where(failures => failures.LastAt < now - LoginThrottle.Memory).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Expired sessions could not be removed; it is tried again in an hour")]
    private static partial void LogLater(ILogger logger, Exception error);
}

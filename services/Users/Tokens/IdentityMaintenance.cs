namespace ForgeShop.Users;

/// <summary>Rotates the signing keys every minute, and removes expired tokens, sessions and login failures every hour.</summary>
public sealed partial class IdentityMaintenance(
    SigningKeys keys, IServiceScopeFactory scopes, TimeProvider time, ILogger<IdentityMaintenance> logger) : BackgroundService
{
    private const int MinutesBetweenCleanups = 60;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The first round is a minute after the start, which itself reads the keys.
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), time);
        for (var minute = 1; await timer.WaitForNextTickAsync(stoppingToken); minute++)
        {
            try
            {
                await keys.RefreshAsync(stoppingToken);
                if (minute % MinutesBetweenCleanups == 0)
                    await CleanAsync(time.GetUtcNow(), stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailure(logger, error);
            }
        }
    }

    /// <summary>Removes what ended before <paramref name="now"/>; a used refresh token stays, so that its reuse is noticed.</summary>
    public async Task CleanAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var options = scope.ServiceProvider.GetRequiredService<IOptions<TokenOptions>>().Value;
        var created = now - options.RefreshTokenLifetime;
        await scope.ServiceProvider.GetRequiredService<IOpenIddictTokenManager>().PruneAsync(created, cancellationToken);
        await scope.ServiceProvider.GetRequiredService<IOpenIddictAuthorizationManager>().PruneAsync(created, cancellationToken);
        await scope.ServiceProvider.GetRequiredService<UsersDb>().LoginFailures
            .Where(failures => failures.LastAt < now - LoginThrottle.Memory).ExecuteDeleteAsync(cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Rotating signing keys or removing expired sessions failed; retrying in a minute")]
    private static partial void LogFailure(ILogger logger, Exception error);
}

using System.Threading.RateLimiting;

namespace ForgeShop.Users;

/// <summary>
/// Slows down password guessing: after five failures, each further attempt on the same account from the same address waits twice as long.
/// The key is account and address, so an attacker does not lock out the owner elsewhere. Unknown accounts are treated alike.
/// </summary>
public sealed class LoginThrottle(TimeProvider time) : IDisposable
{
    public const int FreeAttempts = 5;

    /// <summary>The time without a failure after which failures are forgotten.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    // Attempts on one account from one address are serialized. Otherwise concurrent guesses would all pass before the first failure counts.
    private readonly PartitionedRateLimiter<string> _turns = PartitionedRateLimiter.Create<string, string>(
        key => RateLimitPartition.GetConcurrencyLimiter(key, _ => new ConcurrencyLimiterOptions { PermitLimit = 1, QueueLimit = 100 }));

    /// <summary>Makes an attempt after the earlier ones have ended, unless there are too many failures.</summary>
    /// <param name="attempt">Verifies the password; returns whether it is the right one.</param>
    /// <returns>Null if the attempt was made; otherwise how long to wait before the next one.</returns>
    public async Task<TimeSpan?> TryAsync(
        UsersDb db, UserId account, HttpContext http, Func<Task<bool>> attempt, CancellationToken cancellationToken)
    {
        var name = $"{account} {ClientAddress.Of(http)}";
        using var turn = await _turns.AcquireAsync(name, 1, cancellationToken);
        if (!turn.IsAcquired)
            return TimeSpan.FromSeconds(1);
        var key = SHA256.HashData(Encoding.UTF8.GetBytes(name));
        var failures = await db.LoginFailures.AsNoTracking().SingleOrDefaultAsync(known => known.Key == key, cancellationToken);
        if (failures is not null && PauseAfter(failures) is { } pause && pause > TimeSpan.Zero)
            return pause;

        if (!await attempt())
            await AddFailureAsync(db, key, cancellationToken);
        else if (failures is not null)
            await db.LoginFailures.Where(known => known.Key == key).ExecuteDeleteAsync(cancellationToken);
        return null;
    }

    public static ProblemResult TooManyAttempts(TimeSpan pause) =>
        new(StatusCodes.Status429TooManyRequests, "too-many-attempts",
            "Too many failed logins. Wait for the number of seconds in the Retry-After header.") { RetryAfter = pause };

    public void Dispose() => _turns.Dispose();

    private TimeSpan PauseAfter(LoginFailures failures)
    {
        var now = time.GetUtcNow();
        if (failures.Count < FreeAttempts || failures.LastAt < now - Memory)
            return TimeSpan.Zero;
        var seconds = Math.Min(LongestPause.TotalSeconds, Math.Pow(2, failures.Count - FreeAttempts));
        // The clock may have been set back, so the pause is capped at the maximum.
        return TimeSpan.FromSeconds(Math.Min(seconds, (failures.LastAt - now).TotalSeconds + seconds));
    }

    private Task AddFailureAsync(UsersDb db, byte[] key, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return db.Database.ExecuteSqlAsync(
            $"""
             insert into login_failures as known (key, count, last_at) values ({key}, 1, {now})
             on conflict (key) do update
                 set count = case when known.last_at < {now - Memory} then 1 else known.count + 1 end, last_at = {now}
             """, cancellationToken);
    }
}

/// <summary>Failed logins to one account from one address since the last that succeeded.</summary>
public sealed class LoginFailures
{
    private LoginFailures()
    {
    }

    /// <summary>SHA-256 over account and address, so that the table contains neither.</summary>
    public byte[] Key { get; private set; } = [];

    public int Count { get; private set; }

    public DateTimeOffset LastAt { get; private set; }
}

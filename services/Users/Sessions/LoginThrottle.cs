using System.Security.Cryptography;
using System.Text;
using ForgeShop.Contracts;
using ForgeShop.ServiceDefaults;
using Microsoft.EntityFrameworkCore;

namespace ForgeShop.Users;

/// <summary>
/// Slows down who guesses passwords: after five failures, each further attempt at the same account from the same address has to wait
/// twice as long. By account AND address, so that nobody can lock somebody else out; accounts that do not exist are no different.
/// </summary>
public sealed class LoginThrottle(UsersDb db, TimeProvider time)
{
    /// <summary>Attempts before the first pause.</summary>
    public const int FreeAttempts = 5;

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);

    /// <summary>Failures are forgotten after so long without one.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(24);

    /// <summary>
    /// Counts an attempt before it is made, so that many at once count as many. Null if it may be made now; otherwise how long to wait.
    /// </summary>
    public async Task<TimeSpan?> BeginAsync(UserId account, HttpContext http, CancellationToken cancellationToken)
    {
        var (key, now) = (KeyOf(account, http), time.GetUtcNow());
        var counted = await db.Database.ExecuteSqlAsync(
            $"""
             insert into login_failures as known (key, count, last_at) values ({key}, 1, {now})
             on conflict (key) do update
                 set count = case when known.last_at < {now - Memory} then 1 else known.count + 1 end, last_at = {now}
                 where known.count < {FreeAttempts} or known.last_at + least({LongestPause}, interval '1 second' * power(2, least(known.count - {FreeAttempts}, 20))) <= {now}
             """, cancellationToken);
        if (counted > 0)
            return null;
        var failures = await db.LoginFailures.AsNoTracking().SingleOrDefaultAsync(known => known.Key == key, cancellationToken);
        if (failures is null)
            return null; // forgotten a moment ago
        var pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, failures.Count - FreeAttempts)));
        return failures.LastAt + pause - now;
    }

    /// <summary>The attempt was the right one: what failed before is forgotten.</summary>
    public Task SucceededAsync(UserId account, HttpContext http, CancellationToken cancellationToken)
    {
        var key = KeyOf(account, http);
        return db.LoginFailures.Where(known => known.Key == key).ExecuteDeleteAsync(cancellationToken);
    }

    public static ProblemResult TooManyAttempts(TimeSpan pause) =>
        Problems.TooManyRequests("too-many-attempts", "Too many failed logins; the Retry-After header says in how many seconds there may be another.", pause);

    private static byte[] KeyOf(UserId account, HttpContext http) => SHA256.HashData(Encoding.UTF8.GetBytes($"{account} {ClientAddress.Of(http)}"));
}

using System.Data.Common;

namespace ForgeShop.Databases;

/// <summary>
/// The transient errors of PostgreSQL. A consumer backs off and retries without counting an attempt; HTTP returns 503 with Retry-After.
/// Codes: PostgreSQL manual, appendix A.
/// </summary>
public static class TransientPostgresErrors
{
    private static readonly string[] Classes =
    [
        "08", // connection exception
        "25P", // idle-in-transaction time-out
        "28", // the login is refused: a password or a right is being changed
        "40", // serialization failure, deadlock
        "53", // insufficient resources, too many connections
        "57P", // shutdown, crash recovery, cannot connect now
        "58", // system error, input/output error
    ];

    private static readonly HashSet<string> Codes =
    [
        "25006", // read-only transaction: after a failover
        "42501", // a grant is missing
        "55000", "55006", // no connections allowed, object in use
        "55P03", // lock_timeout
        "57014", // statement_timeout, or the command time-out cancelled the statement
        "3D000", "42P01", "42703", // database, table or column not there yet: the migration of this release is still running
    ];

    public static bool Contains(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            // The driver's own errors: the server is unreachable, a time-out expired, or the pool has no free connection.
            if (exception is DbException { IsTransient: true } || (exception is DbException { SqlState: { } state } && SaysNotNow(state)))
                return true;
        }
        return false;
    }

    private static bool SaysNotNow(string state) =>
        Codes.Contains(state) || Classes.Any(code => state.StartsWith(code, StringComparison.Ordinal));
}

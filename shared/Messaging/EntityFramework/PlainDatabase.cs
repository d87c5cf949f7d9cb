using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>
/// A service's context without the retries that it may be configured with (the Aspire integration does): they pause for up to half a minute,
/// again and again, while relay and consumer have pauses of their own, and something else to do meanwhile.
/// </summary>
internal static class PlainDatabase
{
    /// <summary>The context's own connection, opened: no second pool, and whatever it was configured with.</summary>
    public static async Task<NpgsqlConnection> OpenAsync(this DbContext db, CancellationToken cancellationToken)
    {
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await connection.OpenAsync(cancellationToken);
        return connection;
    }

    /// <summary>Lets <paramref name="work"/> begin transactions, and fails when it fails.</summary>
    public static Task<T> ExecuteOnceAsync<T>(this DbContext db, Func<CancellationToken, Task<T>> work, CancellationToken cancellationToken) =>
        new OnceStrategy(db).ExecuteAsync(work, cancellationToken);

    private sealed class OnceStrategy(DbContext db) : ExecutionStrategy(db, maxRetryCount: 0, maxRetryDelay: TimeSpan.Zero)
    {
        protected override bool ShouldRetryOn(Exception exception) => false;
    }
}

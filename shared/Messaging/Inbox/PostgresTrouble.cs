using Npgsql;

namespace ForgeShop.Messaging;

/// <summary>Tells a database that cannot be reached or is not ready from one that refuses what we ask.</summary>
internal static class PostgresTrouble
{
    public static bool Is(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is PostgresException refusal ? SaysNotReady(refusal.SqlState) : cause is NpgsqlException { IsTransient: true, InnerException: not TimeoutException })
                return true;
        }
        return false;
    }

    /// <summary>Connections, resources, shutting down and starting up; and what this release's migration will yet bring.</summary>
    private static bool SaysNotReady(string sqlState) =>
        sqlState.StartsWith("08", StringComparison.Ordinal) || sqlState.StartsWith("53", StringComparison.Ordinal) || sqlState.StartsWith("57P", StringComparison.Ordinal)
        || sqlState is PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn;
}

using System.Data.Common;

namespace ForgeShop.ServiceDefaults;

public static class ConnectionPool
{
    /// <summary>
    /// PostgreSQL takes 100 connections and Npgsql opens up to 100, both by default: a service under load would leave none to
    /// the others. More than a few per processor do not make a database faster either; requests rather wait for one here.
    /// </summary>
    public const int MaxSize = 15;

    private const string Keyword = "Maximum Pool Size";

    /// <summary>The connection string with a bounded pool, unless it says itself how large the pool may be.</summary>
    public static string? Bounded(string? connectionString)
    {
        var settings = new DbConnectionStringBuilder { ConnectionString = connectionString };
        // Without one (the tools that write migrations have none) it stays the caller's business to complain.
        if (settings.Count == 0 || settings.ContainsKey(Keyword) || settings.ContainsKey("MaxPoolSize"))
            return connectionString;
        settings[Keyword] = MaxSize;
        return settings.ConnectionString;
    }
}

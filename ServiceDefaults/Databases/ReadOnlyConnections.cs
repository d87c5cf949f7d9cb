using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace ForgeShop.ServiceDefaults.Databases;

/// <summary>
/// Removes pooled connections to a server that has become read-only. A connection keeps its initial settings, so it would still fail after
/// the server is writable again.
/// </summary>
internal sealed class ReadOnlyConnections : DbCommandInterceptor
{
    public static ReadOnlyConnections Instance { get; } = new();

    public override Task CommandFailedAsync(
        DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        if (eventData.Exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction }
            && command.Connection is NpgsqlConnection connection)
            NpgsqlConnection.ClearPool(connection);
        return Task.CompletedTask;
    }
}

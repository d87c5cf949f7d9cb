using MongoDB.Driver;
using Npgsql;

namespace ForgeShop.Documents;

public static class DocumentStoreErrors
{
    /// <summary>Returns whether the store is at fault: the same call can succeed later although nothing about it changes.</summary>
    public static bool IsTransient(Exception exception) => exception switch
    {
        PostgresException postgres => postgres.IsTransient || IsTransient(postgres.SqlState),
        NpgsqlException { IsTransient: true } or TimeoutException => true,
        MongoConnectionException or MongoConnectionPoolPausedException or MongoWaitQueueFullException or MongoNotPrimaryException => true,
        MongoNodeIsRecoveringException or MongoExecutionTimeoutException or MongoWriteConcernException => true,
        MongoBulkWriteException { WriteConcernError: not null } => true,
        MongoException mongo when mongo.HasErrorLabel("RetryableWriteError") || mongo.HasErrorLabel("TransientTransactionError") => true,
        { InnerException: { } inner } => IsTransient(inner),
        _ => false,
    };

    private static bool IsTransient(string state) =>
        state is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.ReadOnlySqlTransaction
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected
            // While a database is being created or a read model is being replaced.
            or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName
        // Connection, insufficient resources, operator intervention.
        || state[..2] is "08" or "53" || state.StartsWith("57P", StringComparison.Ordinal);
}

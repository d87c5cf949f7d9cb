using ForgeShop.Databases;

namespace ForgeShop.Documents;

public static class DocumentStoreErrors
{
    /// <summary>Returns whether the error is transient: the same call can succeed later.</summary>
    public static bool IsTransient(Exception exception) => TransientPostgresErrors.Contains(exception) || exception switch
    {
        // The driver's exception if it finds no server in time.
        TimeoutException => true,
        MongoConnectionException or MongoConnectionPoolPausedException or MongoWaitQueueFullException or MongoNotPrimaryException => true,
        MongoNodeIsRecoveringException or MongoExecutionTimeoutException or MongoWriteConcernException => true,
        MongoBulkWriteException { WriteConcernError: not null } => true,
        MongoException mongo when mongo.HasErrorLabel("RetryableWriteError") || mongo.HasErrorLabel("TransientTransactionError") => true,
        { InnerException: { } inner } => IsTransient(inner),
        _ => false,
    };
}

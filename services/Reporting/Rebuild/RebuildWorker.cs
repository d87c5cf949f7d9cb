namespace ForgeShop.Reporting;

/// <summary>
/// Rebuilds the read models: folds the event log into the next generation, activates it, and removes the old one later. The state and the
/// checkpoints are in the store, so any replica continues after a kill. Replicas can work concurrently, because documents
/// ignore events that they include and each change of the state expects the one before.
/// </summary>
public sealed partial class RebuildWorker(WorkerServices services, ReadModels models) : PollingWorker(services)
{
    /// <summary>The time for which a replaced generation remains: longer than any request or batch that began with it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private const int MaxPasses = 100;

    /// <summary>Gets the poll interval. The replica that gets the request is woken at once.</summary>
    protected override TimeSpan PollInterval => TimeSpan.FromSeconds(5);

    protected override Task<bool> WorkAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);

    /// <summary>Runs the next step of the rebuild.</summary>
    /// <returns>Whether another step may follow at once.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var read = await models.ReadStateAsync(cancellationToken);
        if (read.Value.Rebuild is not { } rebuild)
            return false;
        try
        {
            var next = rebuild.Status switch
            {
                RebuildStatus.Folding => await FoldAsync(read.Value, rebuild, cancellationToken),
                RebuildStatus.Finishing => await FinishAsync(read.Value, rebuild, cancellationToken),
                _ => await RemoveAsync(read.Value, rebuild, cancellationToken),
            };
            return next is not null && await models.TryWriteStateAsync(read, next, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !DocumentStoreErrors.IsTransient(exception))
        {
            LogFailed(Logger, rebuild.Generation, exception);
            var failed = rebuild with { Status = RebuildStatus.Failed, Error = exception.Message, FinishedAt = Time.GetUtcNow() };
            List<int> obsolete = rebuild.Status is RebuildStatus.Folding
                ? [.. read.Value.Obsolete, rebuild.Generation]
                : [.. read.Value.Obsolete];
            return await models.TryWriteStateAsync(read, read.Value with { Rebuild = failed, Obsolete = obsolete }, cancellationToken);
        }
    }

    private async Task<ReadModelState> FoldAsync(ReadModelState state, RebuildState rebuild, CancellationToken cancellationToken)
    {
        var (source, target) = (models.Get(state.Generation), models.Get(rebuild.Generation));
        LogStarted(Logger, target.Number, source.Number);
        // Each pass folds what was recorded during the one before. The consumers fold the rest when they change to the new generation.
        var (passes, folded) = (0, 0L);
        do
            folded = await FoldAsync(source, target, cancellationToken);
        while (folded > EventLog.PageSize && ++passes < MaxPasses);
        var finishing = rebuild with { Status = RebuildStatus.Finishing };
        return state with { Generation = target.Number, Obsolete = [.. state.Obsolete, source.Number], Rebuild = finishing };
    }

    private async Task<ReadModelState> FinishAsync(ReadModelState state, RebuildState rebuild, CancellationToken cancellationToken)
    {
        // A consumer that saw the old generation at the end of its batch wrote its checkpoints before the activation.
        await FoldAsync(models.Get(state.Obsolete[^1]), models.Get(rebuild.Generation), cancellationToken);
        LogComplete(Logger, rebuild.Generation);
        return state with { Rebuild = rebuild with { Status = RebuildStatus.Complete, FinishedAt = Time.GetUtcNow() } };
    }

    private async Task<ReadModelState?> RemoveAsync(ReadModelState state, RebuildState rebuild, CancellationToken cancellationToken)
    {
        if (state.Obsolete.Count == 0 || Time.GetUtcNow() < rebuild.FinishedAt + Grace)
            return null;
        foreach (var number in state.Obsolete)
            await models.Get(number).DropAsync(cancellationToken);
        return state with { Obsolete = [] };
    }

    /// <summary>Folds the events up to the checkpoints of one generation into another; returns their number.</summary>
    private static async Task<long> FoldAsync(Generation source, Generation target, CancellationToken cancellationToken)
    {
        var folded = 0L;
        foreach (var checkpoint in await source.ReadCheckpointsAsync(cancellationToken))
            folded += await target.CatchUpAsync(checkpoint.Partition, checkpoint.Offset, cancellationToken);
        return folded;
    }

    [LoggerMessage(LogLevel.Information, "Rebuilding the read models as generation {Generation}; generation {Active} serves meanwhile")]
    private static partial void LogStarted(ILogger logger, int generation, int active);

    [LoggerMessage(LogLevel.Information, "Generation {Generation} of the read models is complete and serves")]
    private static partial void LogComplete(ILogger logger, int generation);

    [LoggerMessage(LogLevel.Error, "The rebuild of generation {Generation} failed")]
    private static partial void LogFailed(ILogger logger, int generation, Exception exception);
}

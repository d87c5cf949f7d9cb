using ForgeShop.Documents;
using ForgeShop.Reporting.Log;
using ForgeShop.Reporting.Models;

namespace ForgeShop.Reporting.Rebuild;

/// <summary>
/// Rebuilds the read models: folds the event log into the next generation, activates it, and removes the old one later. The state and the
/// checkpoints are in the store, so another replica continues after a kill. Two replicas that work at once do no harm, because
/// documents ignore events that they include; the lease only saves work.
/// </summary>
public sealed partial class ReadModelRebuild(ReadModels models, ReadModelStates states, TimeProvider time, ILogger<ReadModelRebuild> logger)
{
    /// <summary>The time for which a replica owns a rebuild without a sign of progress.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <summary>The time for which a replaced generation remains: longer than any request or batch that began with it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    private const int MaxPasses = 100;

    private readonly Guid _worker = Guid.NewGuid();

    /// <summary>Does what the state asks for.</summary>
    /// <returns>Whether more may be due at once.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var state = await states.ReadAsync(cancellationToken);
        if (state.Value.Rebuild is not { } rebuild)
            return false;
        var now = time.GetUtcNow();
        if (rebuild.Status is RebuildStatus.Complete or RebuildStatus.Failed)
        {
            if (state.Value.Obsolete.Count > 0 && now > rebuild.FinishedAt + Grace)
                await RemoveAsync(state, cancellationToken);
            return false;
        }
        // A clock that was set back must not extend the lease.
        if (rebuild.Worker != _worker && rebuild.LeaseUntil > now && rebuild.LeaseUntil <= now + Lease)
            return false;
        if (await states.TryWriteAsync(state, WithLease(state.Value), cancellationToken) is { } claimed)
            await RebuildAsync(claimed, cancellationToken);
        return true;
    }

    private async Task RebuildAsync(Document<ReadModelState> state, CancellationToken cancellationToken)
    {
        var work = new Work(state);
        try
        {
            if (work.Rebuild.Status is RebuildStatus.Folding)
            {
                var (source, target) = (models.Get(state.Value.Generation), models.Get(work.Rebuild.Generation));
                LogStarted(target.Number, state.Value.Generation);
                // Each pass folds what was recorded during the one before. The consumers fold the rest when they change to the new generation.
                var (passes, folded) = (0, 0L);
                do
                    folded = await FoldAsync(source, target, work, cancellationToken);
                while (folded > EventLog.PageSize && ++passes < MaxPasses);
                await WriteAsync(work, work.State.Value with
                {
                    Generation = target.Number,
                    Obsolete = [.. work.State.Value.Obsolete, source.Number],
                    Rebuild = work.Rebuild with { Status = RebuildStatus.Finishing },
                }, cancellationToken);
            }
            // Consumers that saw the old generation to the end of their batch have written its checkpoints before the activation.
            var old = models.Get(work.State.Value.Obsolete[^1]);
            await FoldAsync(old, models.Get(work.Rebuild.Generation), work, cancellationToken);
            await FinishAsync(work, work.State.Value, RebuildStatus.Complete, null, cancellationToken);
            LogComplete(work.Rebuild.Generation);
        }
        catch (LeaseLostException)
        {
            LogLeaseLost(work.Rebuild.Generation);
        }
        catch (Exception exception) when (exception is not OperationCanceledException && !DocumentStoreErrors.IsTransient(exception))
        {
            LogFailed(work.Rebuild.Generation, exception);
            var failed = work.Rebuild.Status is RebuildStatus.Folding
                ? work.State.Value with { Obsolete = [.. work.State.Value.Obsolete, work.Rebuild.Generation] }
                : work.State.Value;
            await FinishAsync(work, failed, RebuildStatus.Failed, exception.Message, cancellationToken);
        }
    }

    /// <summary>Folds the events up to the checkpoints of one generation into another; returns their number.</summary>
    private async Task<long> FoldAsync(Generation source, Generation target, Work work, CancellationToken cancellationToken)
    {
        var folded = 0L;
        foreach (var checkpoint in await source.ReadCheckpointsAsync(cancellationToken))
            folded += await target.CatchUpAsync(checkpoint.Partition, checkpoint.Offset, () => RenewAsync(work, cancellationToken), cancellationToken);
        return folded;
    }

    private async Task RenewAsync(Work work, CancellationToken cancellationToken)
    {
        if (work.Rebuild.LeaseUntil - time.GetUtcNow() < Lease / 2)
            await WriteAsync(work, WithLease(work.State.Value), cancellationToken);
    }

    private Task FinishAsync(Work work, ReadModelState state, RebuildStatus status, string? error, CancellationToken cancellationToken) =>
        WriteAsync(work, state with { Rebuild = work.Rebuild with { Status = status, Error = error, FinishedAt = time.GetUtcNow() } }, cancellationToken);

    private async Task WriteAsync(Work work, ReadModelState changed, CancellationToken cancellationToken) =>
        work.State = await states.TryWriteAsync(work.State, changed, cancellationToken) ?? throw new LeaseLostException();

    private ReadModelState WithLease(ReadModelState state) =>
        state with { Rebuild = state.Rebuild! with { Worker = _worker, LeaseUntil = time.GetUtcNow() + Lease } };

    private async Task RemoveAsync(Document<ReadModelState> state, CancellationToken cancellationToken)
    {
        foreach (var number in state.Value.Obsolete)
            await models.Get(number).DropAsync(cancellationToken);
        await states.TryWriteAsync(state, state.Value with { Obsolete = [] }, cancellationToken);
    }

    /// <summary>The state as this worker wrote it last.</summary>
    private sealed class Work(Document<ReadModelState> state)
    {
        public Document<ReadModelState> State { get; set; } = state;

        public RebuildState Rebuild => State.Value.Rebuild!;
    }

    private sealed class LeaseLostException : Exception;

    [LoggerMessage(LogLevel.Information, "Rebuilding the read models as generation {Generation}; generation {Active} serves meanwhile")]
    private partial void LogStarted(int generation, int active);

    [LoggerMessage(LogLevel.Information, "Generation {Generation} of the read models is complete and serves")]
    private partial void LogComplete(int generation);

    [LoggerMessage(LogLevel.Warning, "Another replica took over the rebuild of generation {Generation}")]
    private partial void LogLeaseLost(int generation);

    [LoggerMessage(LogLevel.Error, "The rebuild of generation {Generation} failed")]
    private partial void LogFailed(int generation, Exception exception);
}

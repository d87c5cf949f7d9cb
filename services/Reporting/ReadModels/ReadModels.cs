using System.Collections.Concurrent;

namespace ForgeShop.Reporting;

/// <summary>The active generation of the read models and the latest rebuild: one document, shared by all replicas.</summary>
public sealed record ReadModelState
{
    /// <summary>The number of the generation that serves and that consumers write to.</summary>
    public int Generation { get; init; } = 1;

    public RebuildState? Rebuild { get; init; }

    /// <summary>The numbers of replaced generations that are not removed yet.</summary>
    public IReadOnlyList<int> Obsolete { get; init; } = [];
}

/// <param name="Generation">The number of the generation that the rebuild fills.</param>
/// <param name="Status">The step that the rebuild is in.</param>
/// <param name="StartedAt">The time of the request.</param>
public sealed record RebuildState(int Generation, RebuildStatus Status, DateTimeOffset StartedAt)
{
    public DateTimeOffset? FinishedAt { get; init; }

    public string? Error { get; init; }
}

public enum RebuildStatus
{
    /// <summary>The new generation is being filled from the event log.</summary>
    Folding,

    /// <summary>The new generation is active. Events that were applied to the old one at the last moment are being applied to it.</summary>
    Finishing,

    Complete,
    Failed,
}

/// <summary>Gives access to the generations of the read models and to their state.</summary>
public sealed class ReadModels(IDocumentStore store, EventLog log)
{
    private static readonly Guid StateId = Guid.Parse("b5d52a7e-6f0e-4f5b-9f3c-2f1c6d7f9a10");

    private readonly ConcurrentDictionary<int, Generation> _generations = new();
    private readonly IDocumentCollection<ReadModelState> _states = store.Collection(
        new DocumentModel<ReadModelState>("read_models", ReportingJson.Default.ReadModelState));

    public Generation Get(int number) => _generations.GetOrAdd(number, _ => new Generation(store, log, number));

    /// <summary>Returns the generation that serves now.</summary>
    public async Task<Generation> GetActiveAsync(CancellationToken cancellationToken) =>
        Get((await ReadStateAsync(cancellationToken)).Value.Generation);

    public async Task<Document<ReadModelState>> ReadStateAsync(CancellationToken cancellationToken) =>
        await _states.GetAsync(StateId, cancellationToken) ?? new(StateId, new(), 0);

    /// <summary>Writes the state; returns false if another replica changed it since it was read.</summary>
    public async Task<bool> TryWriteStateAsync(
        Document<ReadModelState> read, ReadModelState changed, CancellationToken cancellationToken) =>
        (await _states.BulkUpsertAsync([read with { Value = changed }], cancellationToken)).Count == 0;

    /// <summary>Requests a rebuild; returns null if one is running.</summary>
    public async Task<ReadModelState?> TryStartRebuildAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var read = await ReadStateAsync(cancellationToken);
        if (read.Value.Rebuild?.Status is RebuildStatus.Folding or RebuildStatus.Finishing)
            return null;
        var number = Math.Max(read.Value.Generation, read.Value.Rebuild?.Generation ?? 0) + 1;
        var started = read.Value with { Rebuild = new(number, RebuildStatus.Folding, now) };
        return await TryWriteStateAsync(read, started, cancellationToken) ? started : null;
    }

    /// <summary>Applies events that are recorded to the generation that is active when the call returns.</summary>
    /// <remarks>
    /// A rebuild may activate another generation in between. Events of a call that still sees the old generation at its end are behind the
    /// checkpoints of the old one by then, and the rebuild reads these after the activation.
    /// </remarks>
    public async Task ApplyAsync(IReadOnlyList<RecordedEvent> events, CancellationToken cancellationToken)
    {
        Generation? applied = null;
        for (var active = await GetActiveAsync(cancellationToken); active != applied; active = await GetActiveAsync(cancellationToken))
        {
            await active.ApplyReceivedAsync(events, cancellationToken);
            applied = active;
        }
    }
}

using ForgeShop.Documents;

namespace ForgeShop.Reporting.Models;

/// <summary>The active generation of the read models and the latest rebuild: one document, shared by all replicas.</summary>
public sealed record ReadModelState
{
    /// <summary>The number of the generation that serves and that consumers write to.</summary>
    public int Generation { get; init; } = 1;

    public RebuildState? Rebuild { get; init; }

    /// <summary>The numbers of generations that serve no more and still exist.</summary>
    public IReadOnlyList<int> Obsolete { get; init; } = [];
}

/// <param name="Generation">The number of the generation that the rebuild fills.</param>
/// <param name="Status">The step that the rebuild is in.</param>
/// <param name="StartedAt">The time of the request.</param>
public sealed record RebuildState(int Generation, RebuildStatus Status, DateTimeOffset StartedAt)
{
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>The replica that works on the rebuild.</summary>
    public Guid? Worker { get; init; }

    /// <summary>The time until which no other replica takes the rebuild over.</summary>
    public DateTimeOffset LeaseUntil { get; init; }

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

/// <summary>Reads and writes the state. Each change is atomic.</summary>
public sealed class ReadModelStates(IDocumentStore store)
{
    private static readonly Guid Id = Guid.Parse("b5d52a7e-6f0e-4f5b-9f3c-2f1c6d7f9a10");

    private readonly IDocumentCollection<ReadModelState> _states = store.Collection(
        new DocumentModel<ReadModelState>("read_models", ReportingJson.Default.ReadModelState));

    public async Task<Document<ReadModelState>> ReadAsync(CancellationToken cancellationToken) =>
        await _states.GetAsync(Id, cancellationToken) ?? new(Id, new(), 0);

    /// <summary>Writes the state; returns null if another replica changed it since it was read.</summary>
    public async Task<Document<ReadModelState>?> TryWriteAsync(Document<ReadModelState> read, ReadModelState changed, CancellationToken cancellationToken) =>
        (await _states.BulkUpsertAsync([read with { Value = changed }], cancellationToken)).Count == 0 ? new(Id, changed, read.Version + 1) : null;
}

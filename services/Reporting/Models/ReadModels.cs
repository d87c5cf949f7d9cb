using System.Collections.Concurrent;
using ForgeShop.Documents;
using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting.Models;

/// <summary>Gives access to the generations of the read models.</summary>
public sealed class ReadModels(IDocumentStore store, EventLog log, ReadModelStates states)
{
    private readonly ConcurrentDictionary<int, Generation> _generations = new();

    public Generation Get(int number) => _generations.GetOrAdd(number, _ => new Generation(store, log, number));

    /// <summary>Returns the generation that serves now.</summary>
    public async Task<Generation> GetActiveAsync(CancellationToken cancellationToken) => Get((await states.ReadAsync(cancellationToken)).Value.Generation);

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

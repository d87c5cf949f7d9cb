using ForgeShop.Reporting.Log;

namespace ForgeShop.Reporting;

/// <summary>
/// Carries what an event says into a read model. It must not matter how often an event is projected, in which order the events of
/// different aggregates come, nor who projects others meanwhile. So a model can also be filled from the event log at any time.
/// </summary>
public interface IProjection
{
    Task ApplyAsync(RecordedEvent recorded, CancellationToken cancellationToken);
}

using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>
/// Records a batch of events in the event log and applies them to the read models. A batch that is interrupted is redelivered and changes
/// nothing twice.
/// </summary>
public sealed class RecordEvents(EventLog log, ReadModels models, ReportingMetrics metrics, TimeProvider time) : IEnvelopeHandler
{
    public async Task HandleAsync(IReadOnlyList<EventEnvelope> events, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var recorded = await log.AppendAsync([.. events.Select(@event => RecordedEvent.Of(@event, now))], cancellationToken);
        if (recorded.Count > 0)
            await models.ApplyAsync(recorded, cancellationToken);
        metrics.Applied(recorded.Count, time.GetUtcNow() - events.Min(@event => @event.Time), events.Count - recorded.Count);
    }
}

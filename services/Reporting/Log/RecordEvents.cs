using System.Diagnostics;
using ForgeShop.Messaging;

namespace ForgeShop.Reporting.Log;

/// <summary>Every event of every topic: first into the event log, then into the read models. Interrupted in between, both are simply done again.</summary>
public sealed class RecordEvents(EventLog log, IEnumerable<IProjection> projections, TimeProvider time) : IEventEnvelopeHandler
{
    public async Task HandleAsync(EventEnvelope @event, CancellationToken cancellationToken)
    {
        var recorded = new RecordedEvent(
            @event.Id, @event.Type, @event.Source, @event.Subject, @event.Sequence, @event.Time, @event.DataVersion, @event.CorrelationId, @event.CausationId,
            ActivityContext.TryParse(@event.TraceParent, null, out var trace) ? trace.TraceId.ToHexString() : null,
            @event.Data.Clone(), time.GetUtcNow());

        await log.AppendAsync(recorded, cancellationToken);
        foreach (var projection in projections)
            await projection.ApplyAsync(recorded, cancellationToken);
    }
}

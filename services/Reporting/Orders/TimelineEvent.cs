namespace ForgeShop.Reporting;

/// <summary>An event in an order's timeline: its type, service, time and trace, without its data.</summary>
public sealed record TimelineEvent(
    EventId Id, string Type, string Service, Guid Subject, long Sequence, DateTimeOffset Time,
    string? TraceId, CorrelationId? CorrelationId, EventId? CausationId)
{
    public static TimelineEvent Of(RecordedEvent recorded) => new(
        recorded.Id, recorded.Type, recorded.Source.TrimStart('/'), recorded.Subject, recorded.Sequence,
        recorded.Time, recorded.TraceId, recorded.CorrelationId, recorded.CausationId);

    /// <summary>
    /// Sorts by time, but never an event before its cause or before an earlier event of its aggregate: the clocks of two services may
    /// differ.
    /// </summary>
    public static IReadOnlyList<TimelineEvent> InOrder(IReadOnlyList<TimelineEvent> events)
    {
        var byTime = events.OrderBy(@event => @event.Time).ThenBy(@event => @event.Sequence).ThenBy(@event => @event.Id.Value).ToList();
        var (ordered, seen) = (new List<TimelineEvent>(events.Count), new HashSet<EventId>());

        void Place(TimelineEvent next)
        {
            if (!seen.Add(next.Id))
                return;
            foreach (
                var earlier in byTime.Where(
                other => other.Id == next.CausationId || (other.Subject == next.Subject && other.Sequence < next.Sequence)))
                Place(earlier);
            ordered.Add(next);
        }

        foreach (var next in byTime)
            Place(next);
        return ordered;
    }
}

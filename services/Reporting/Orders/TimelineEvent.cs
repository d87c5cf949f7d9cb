namespace ForgeShop.Reporting;

/// <summary>An event in an order's timeline: its type, service, time and trace, without its data.</summary>
public sealed record TimelineEvent(
    EventId Id, string Type, string Service, Guid Subject, long Sequence, DateTimeOffset Time,
    string? TraceId, CorrelationId? CorrelationId, EventId? CausationId)
{
    public static TimelineEvent Of(RecordedEvent recorded) => new(
        recorded.Id, recorded.Type, recorded.Source.TrimStart('/'), recorded.Subject, recorded.Sequence,
        recorded.Time, recorded.TraceId, recorded.CorrelationId, recorded.CausationId);

    public static IReadOnlyList<TimelineEvent> InOrder(IReadOnlyList<TimelineEvent> events) => CausalOrder.Sort(
        events, one => new(one.Id, one.CausationId, one.Subject, IsCommand: false, one.Sequence, one.Time));
}

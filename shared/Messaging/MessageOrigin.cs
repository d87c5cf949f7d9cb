namespace ForgeShop.Messaging;

/// <summary>
/// The cause, the correlation and the trace of a message. A row that a worker takes up later stores it, so that the worker's events belong
/// to the same trace.
/// </summary>
public sealed record MessageOrigin(EventId? CausationId, CorrelationId? CorrelationId, string? TraceParent, string? TraceState)
{
    public static MessageOrigin None { get; } = new(null, null, null, null);

    /// <summary>Returns the origin of what the current HTTP request emits: its trace and its correlation.</summary>
    public static MessageOrigin OfRequest()
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C } activity)
            return None;
        var correlation = activity.GetBaggageItem(CorrelationNames.Baggage);
        return new(null, Contracts.CorrelationId.TryParse(correlation, out var id) ? id : null, activity.Id, activity.TraceStateString);
    }

    /// <summary>Starts a span that continues the trace of the stored row; null if no listener samples it.</summary>
    public Activity? StartSpan(string name) => MessagingTelemetry.Start(name, ActivityKind.Internal, this);

    /// <summary>Returns this origin with <paramref name="span"/> as the parent of what follows.</summary>
    public MessageOrigin Under(Activity? span) =>
        span is null ? this : this with { TraceParent = span.Id, TraceState = span.TraceStateString };
}

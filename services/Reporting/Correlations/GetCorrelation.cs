namespace ForgeShop.Reporting;

/// <summary>GET /api/v1/correlations/{id}</summary>
public static class GetCorrelation
{
    /// <summary>The maximum number of events and of commands in an answer. An order has about 10 of both.</summary>
    private const int MaxMessages = 500;

    /// <param name="CorrelationId">The correlation ID.</param>
    /// <param name="Messages">Its events, commands and notifications in causal order.</param>
    /// <param name="Traces">Its traces, the earliest first. A request that was repeated later has several.</param>
    /// <param name="IsComplete">False if there are more messages than the answer contains.</param>
    public sealed record Correlation(
        CorrelationId CorrelationId, IReadOnlyList<CorrelatedMessage> Messages, IReadOnlyList<CorrelatedTrace> Traces, bool IsComplete);

    /// <param name="Id">The derived ID of the event or command.</param>
    /// <param name="Kind">event, command, or notification for the event of a notification, whose ID is the subject.</param>
    /// <param name="Type">Its type.</param>
    /// <param name="Service">The service that sent it.</param>
    /// <param name="Subject">The aggregate that an event is about, or that a command is for.</param>
    /// <param name="Sequence">The number among the events, or among the commands, of the subject.</param>
    /// <param name="Time">The time when it was emitted.</param>
    /// <param name="TraceId">Its OpenTelemetry trace.</param>
    /// <param name="CausationId">The event or command whose handling emitted it; null for the first effect of a request.</param>
    public sealed record CorrelatedMessage(
        EventId Id, string Kind, string Type, string Service, Guid Subject, long Sequence, DateTimeOffset Time, string? TraceId,
        EventId? CausationId) : ICausalMessage
    {
        bool ICausalMessage.IsCommand => Kind == "command";
    }

    public sealed record CorrelatedTrace(string TraceId, int Messages, DateTimeOffset From, DateTimeOffset To);

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/{id}", Handle)
        .WithSummary("Shows every event, command, notification and trace of one correlation ID, in causal order.")
        .WithErrorCodes((404, "correlation-not-found"))
        .Produces<Correlation>()
        .RequirePermission(Permissions.AuditRead);

    private static async Task<IResult> Handle(CorrelationId id, EventLog log, CommandLog commands, CancellationToken cancellationToken)
    {
        // One more than an answer contains shows whether there are more.
        var events = await log.FindAsync(id, MaxMessages + 1, cancellationToken);
        var sent = await commands.FindAsync(id, MaxMessages + 1, cancellationToken);
        if (events.Count + sent.Count == 0)
            return Problems.NotFound("correlation-not-found", "Reporting is eventually consistent; try again in a moment.");
        var messages = CausalOrder.Sort(events.Take(MaxMessages).Select(Message).Concat(sent.Take(MaxMessages).Select(Message)));
        var isComplete = Math.Max(events.Count, sent.Count) <= MaxMessages;
        return TypedResults.Ok(new Correlation(id, messages, TracesOf(messages), isComplete));
    }

    private static CorrelatedMessage Message(RecordedEvent recorded) => new(
        recorded.Id, recorded.Type == NotificationSent.Type ? "notification" : "event", recorded.Type, recorded.Source.TrimStart('/'),
        recorded.Subject, recorded.Sequence, recorded.Time, recorded.TraceId, recorded.CausationId);

    private static CorrelatedMessage Message(RecordedCommand command) => new(
        command.Id, "command", command.Type, command.Source.TrimStart('/'), command.Subject, command.Sequence, command.Time,
        command.TraceId, command.CausationId);

    private static List<CorrelatedTrace> TracesOf(IEnumerable<CorrelatedMessage> messages) =>
    [
        .. from message in messages
           where message.TraceId is not null
           group message.Time by message.TraceId into trace
           orderby trace.Min()
           select new CorrelatedTrace(trace.Key, trace.Count(), trace.Min(), trace.Max()),
    ];
}

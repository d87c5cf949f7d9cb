namespace ForgeShop.Messaging;

/// <summary>Spans by OpenTelemetry's semantic conventions for messaging, and the names under which telemetry is collected.</summary>
public static class MessagingTelemetry
{
    public const string ActivitySourceName = "ForgeShop.Messaging";
    public const string MeterName = "ForgeShop.Messaging";

    private static readonly ActivitySource Source = new(ActivitySourceName);

    /// <summary>Starts the span that lasts until Kafka acknowledges the message.</summary>
    internal static Activity? StartPublish(OutboxMessage message) =>
        Start("publish", message.Topic, ActivityKind.Producer, message.EventId, message.Origin)?.SetTag("messaging.operation.type", "send");

    /// <summary>Starts the span of handling one message of a batch.</summary>
    internal static Activity? StartProcess(EventContext context, string group) =>
        Start("process", context.Topic, ActivityKind.Consumer, context.Id, context.Cause)?.SetTag("messaging.operation.type", "process")
            .SetTag("messaging.consumer.group.name", group).SetTag("messaging.kafka.offset", context.Position.Offset);

    /// <summary>Starts the span of a batch, with links to the messages' traces. The statements of the transaction belong to it.</summary>
    internal static Activity? StartBatch(IReadOnlyList<IncomingMessage> batch, string group) =>
        !Source.HasListeners() ? null : Source.StartActivity(
        ActivityKind.Consumer, name: $"handle batch of {group}",
        tags: [new("messaging.system", "kafka"), new("messaging.batch.message_count", batch.Count)],
        links: batch.Select(message => new ActivityLink(Parse(message.Context.Cause))));

    /// <summary>Starts a span of its own trace context. It does not become the current one, because a batch has many at once.</summary>
    internal static Activity? Start(string name, ActivityKind kind, MessageOrigin origin)
    {
        if (!Source.HasListeners())
            return null;
        var before = Activity.Current;
        var span = Source.StartActivity(name, kind, Parse(origin));
        if (origin.CorrelationId is { } correlation)
            span?.SetTag(CorrelationNames.SpanAttribute, correlation.ToString());
        Activity.Current = before;
        return span;
    }

    /// <summary>Ends a span, if it is sampled; without an error as a success.</summary>
    internal static void End(this Activity? span, string? error)
    {
        if (error is not null)
            span?.SetStatus(ActivityStatusCode.Error, error);
        span?.Dispose();
    }

    private static Activity? Start(string operation, string topic, ActivityKind kind, EventId id, MessageOrigin origin) =>
        Start($"{operation} {topic}", kind, origin)?.SetTag("messaging.operation.name", operation).SetTag("messaging.system", "kafka")
            .SetTag("messaging.destination.name", topic).SetTag("messaging.message.id", id.ToString());

    private static ActivityContext Parse(MessageOrigin origin) =>
        ActivityContext.TryParse(origin.TraceParent, origin.TraceState, isRemote: true, out var trace) ? trace : default;
}

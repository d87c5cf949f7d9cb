using System.Diagnostics;
using ForgeShop.ServiceDefaults.Correlation;

namespace ForgeShop.Messaging;

/// <summary>Spans by OpenTelemetry's semantic conventions for messaging, and the names under which telemetry is collected.</summary>
public static class MessagingTelemetry
{
    public const string ActivitySourceName = "ForgeShop.Messaging";
    public const string MeterName = "ForgeShop.Messaging";

    private static readonly ActivitySource Source = new(ActivitySourceName);

    /// <summary>Starts the span that lasts until Kafka acknowledges the message. It does not become the current activity.</summary>
    internal static Activity? StartPublish(OutboxMessage message)
    {
        var span = Start($"publish {message.Topic}", ActivityKind.Producer, message.Origin);
        return span?.SetTag("messaging.operation.name", "publish").SetTag("messaging.operation.type", "send")
            .SetTag("messaging.system", "kafka").SetTag("messaging.destination.name", message.Topic).SetTag("messaging.message.id", message.EventId.ToString());
    }

    /// <summary>Starts the span of handling one message of a batch. It does not become the current activity.</summary>
    internal static Activity? StartProcess(EventContext context, string group)
    {
        var span = Start($"process {context.Topic}", ActivityKind.Consumer, context.Origin);
        return span?.SetTag("messaging.operation.name", "process").SetTag("messaging.operation.type", "process").SetTag("messaging.consumer.group.name", group)
            .SetTag("messaging.system", "kafka").SetTag("messaging.destination.name", context.Topic).SetTag("messaging.message.id", context.Id.ToString())
            .SetTag("messaging.kafka.offset", context.Position.Offset);
    }

    /// <summary>Starts the span of a batch, with links to the messages' traces. The statements of the transaction belong to it.</summary>
    internal static Activity? StartBatch(IReadOnlyList<IncomingMessage> batch, string group) => !Source.HasListeners() ? null : Source.StartActivity(
        ActivityKind.Consumer, name: $"handle batch of {group}", tags: [new("messaging.system", "kafka"), new("messaging.batch.message_count", batch.Count)],
        links: batch.Select(message => ActivityContext.TryParse(message.Context.TraceParent, message.Context.TraceState, isRemote: true, out var trace)
            ? new ActivityLink(trace)
            : default));

    internal static Activity? Start(string name, ActivityKind kind, MessageOrigin origin)
    {
        if (!Source.HasListeners())
            return null;
        var before = Activity.Current;
        ActivityContext.TryParse(origin.TraceParent, origin.TraceState, isRemote: true, out var parent);
        var span = Source.StartActivity(name, kind, parent);
        if (origin.CorrelationId is { } correlation)
            span?.SetTag(RequestCorrelation.SpanAttribute, correlation.ToString());
        // A batch has many spans at once, so none of them is the current one.
        Activity.Current = before;
        return span;
    }

    internal static void Fail(this Activity? span, string reason) => span?.SetStatus(ActivityStatusCode.Error, reason);
}

using System.Diagnostics;
using ForgeShop.Contracts;

namespace ForgeShop.Messaging;

/// <summary>Spans by OpenTelemetry's conventions for messaging.</summary>
internal static class Tracing
{
    private const string CorrelationTag = "forgeshop.correlation_id";

    private static readonly ActivitySource Source = new(MessagingTelemetry.ActivitySourceName);

    /// <summary>The publishing of an event, as part of the trace in which it was emitted. Does not become the current activity.</summary>
    public static Activity? StartPublish(OutboxMessage message)
    {
        var previous = Activity.Current;
        try
        {
            var activity = Source.StartActivity($"publish {message.Topic}", ActivityKind.Producer, Parent(message.TraceParent, message.TraceState));
            activity?.SetTag("messaging.operation.name", "publish").SetTag("messaging.operation.type", "send").SetTag("messaging.kafka.message.key", message.Key);
            Describe(activity, message.Topic, message.Id, message.CorrelationId);
            return activity;
        }
        finally
        {
            Activity.Current = previous;
        }
    }

    /// <summary>The handling of an event, as part of the same trace.</summary>
    public static Activity? StartProcess(EventContext message, string group, int partition, long offset)
    {
        var activity = Source.StartActivity($"process {message.Topic}", ActivityKind.Consumer, Parent(message.TraceParent, message.TraceState));
        activity?.SetTag("messaging.operation.name", "process").SetTag("messaging.operation.type", "process").SetTag("messaging.consumer.group.name", group);
        Place(activity, partition, offset);
        Describe(activity, message.Topic, message.Id, message.CorrelationId);
        if (message.CorrelationId is { } correlation)
            activity?.SetBaggage(MessagingTelemetry.CorrelationBaggage, correlation.ToString());
        return activity;
    }

    public static void Place(Activity? activity, int partition, long offset) =>
        activity?.SetTag("messaging.destination.partition.id", partition).SetTag("messaging.kafka.offset", offset);

    private static void Describe(Activity? activity, string topic, EventId id, CorrelationId? correlation)
    {
        activity?.SetTag("messaging.system", "kafka").SetTag("messaging.destination.name", topic).SetTag("messaging.message.id", id.ToString());
        if (correlation is { } known)
            activity?.SetTag(CorrelationTag, known.ToString());
    }

    private static ActivityContext Parent(string? traceParent, string? traceState) =>
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var parent) ? parent : default;
}

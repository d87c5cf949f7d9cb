using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>An event of any topic and type as it arrived, with the position of its first copy. Read models are folded from these.</summary>
public sealed record RecordedEvent(
    EventId Id, string Type, string Source, Guid Subject, long Sequence, DateTimeOffset Time, int DataVersion,
    CorrelationId? CorrelationId, EventId? CausationId, string? TraceId, JsonElement Data, string Partition, long Offset,
    DateTimeOffset RecordedAt)
{
    public static DocumentField<RecordedEvent, string> PartitionField { get; } = new("partition", recorded => recorded.Partition);
    public static DocumentField<RecordedEvent, long> OffsetField { get; } = new("offset", recorded => recorded.Offset);
    public static DocumentField<RecordedEvent, Guid?> CorrelationField { get; } =
        new("correlation", recorded => recorded.CorrelationId?.Value);
    public static DocumentField<RecordedEvent, long> TimeField { get; } = new("time", recorded => recorded.Time.ToUnixTimeMilliseconds());

    private static readonly Dictionary<string, Func<JsonElement, int, object>> Types = new()
    {
        [UserRegistered.Type] = EventData.Read<UserRegistered>,
        [UserProfileChanged.Type] = EventData.Read<UserProfileChanged>,
        [UserDeactivated.Type] = EventData.Read<UserDeactivated>,
        [OrderPlaced.Type] = EventData.Read<OrderPlaced>,
        [OrderConfirmed.Type] = EventData.Read<OrderConfirmed>,
        [OrderCancelled.Type] = EventData.Read<OrderCancelled>,
        [NotificationSent.Type] = EventData.Read<NotificationSent>,
    };

    public static DocumentModel<RecordedEvent> Model { get; } = new(
        "events", ReportingJson.Default.RecordedEvent, [PartitionField, OffsetField], [CorrelationField, TimeField]);

    /// <summary>Gets the data in the current version; null for a type whose data no read model uses.</summary>
    [JsonIgnore]
    public object? Payload => field ??= Types.GetValueOrDefault(Type)?.Invoke(Data, DataVersion);

    /// <exception cref="JsonException">The data does not have the form of its type.</exception>
    /// <exception cref="UnknownEventVersionException">The data has a newer form than this release reads.</exception>
    public static RecordedEvent Of(EventEnvelope @event, DateTimeOffset now)
    {
        var recorded = new RecordedEvent(
            @event.Id, @event.Type, @event.Source, @event.Subject, @event.Sequence, @event.Time, @event.DataVersion, @event.CorrelationId,
            @event.CausationId, TraceIdOf(@event), @event.Data.Clone(), @event.Position.Log, @event.Position.Offset, now);
        // An event that cannot be read must fail before it is recorded: the copy that an operator sends later has another position.
        _ = recorded.Payload;
        return recorded;
    }

    /// <summary>Returns the OpenTelemetry trace of a message; null without one.</summary>
    public static string? TraceIdOf(EventEnvelope message) =>
        ActivityContext.TryParse(message.TraceParent, null, out var trace) ? trace.TraceId.ToHexString() : null;
}

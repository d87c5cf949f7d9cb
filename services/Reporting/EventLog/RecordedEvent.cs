using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using ForgeShop.Messaging;

namespace ForgeShop.Reporting;

/// <summary>An event of any topic and type as it arrived, with the position of its first copy. Read models are folded from these.</summary>
public sealed record RecordedEvent(
    EventId Id,
    string Type,
    string Source,
    Guid Subject,
    long Sequence,
    DateTimeOffset Time,
    int DataVersion,
    CorrelationId? CorrelationId,
    EventId? CausationId,
    string? TraceId,
    JsonElement Data,
    string Partition,
    long Offset,
    DateTimeOffset RecordedAt)
{
    public static readonly DocumentField<RecordedEvent> PartitionField = new DocumentField<RecordedEvent, string>(
        "partition", recorded => recorded.Partition);
    public static readonly DocumentField<RecordedEvent> OffsetField = new DocumentField<RecordedEvent, long>(
        "offset", recorded => recorded.Offset);
    public static readonly DocumentField<RecordedEvent> CorrelationField = new DocumentField<RecordedEvent, Guid?>(
        "correlation", recorded => recorded.CorrelationId?.Value);
    public static readonly DocumentField<RecordedEvent> TimeField = new DocumentField<RecordedEvent, long>(
        "time", recorded => recorded.Time.ToUnixTimeMilliseconds());

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
    public static RecordedEvent Of(Received<JsonElement> received, DateTimeOffset now)
    {
        var @event = received.Context;
        var recorded = new RecordedEvent(
            @event.Id, @event.Type, @event.Source, @event.Subject, @event.Sequence, @event.Time, @event.DataVersion,
            @event.Cause.CorrelationId, @event.Cause.CausationId,
            ActivityContext.TryParse(@event.Cause.TraceParent, null, out var trace) ? trace.TraceId.ToHexString() : null,
            received.Data.Clone(), @event.Position.Log, @event.Position.Offset, now);
        // An event that cannot be read must fail before it is recorded: the copy that an operator sends later has another position.
        _ = recorded.Payload;
        return recorded;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using ForgeShop.Contracts;
using ForgeShop.Contracts.Events;
using ForgeShop.Documents;

namespace ForgeShop.Reporting.Log;

/// <summary>An event as it came, of whatever topic and type. Everything that a read model shows can be derived from these.</summary>
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
    DateTimeOffset RecordedAt)
{
    public static readonly DocumentField<RecordedEvent, Guid> SubjectField = DocumentField.Uuid<RecordedEvent>("subject", recorded => recorded.Subject);
    public static readonly DocumentField<RecordedEvent, long> SequenceField = DocumentField.Integer<RecordedEvent>("sequence", recorded => recorded.Sequence);
    public static readonly DocumentField<RecordedEvent, DateTimeOffset> RecordedAtField = DocumentField.Time<RecordedEvent>("recordedAt", recorded => recorded.RecordedAt);

    /// <summary>By aggregate, for whoever looks into one; by arrival, for replays.</summary>
    public static DocumentModel<RecordedEvent> Model { get; } =
        new("events", ReportingJson.Default.RecordedEvent, [SubjectField, SequenceField], [RecordedAtField]);

    /// <summary>The data, if this is an event of that type; in today's shape, however old it is.</summary>
    /// <exception cref="UnknownEventVersionException">Its data has a newer shape than this release knows.</exception>
    public bool Is<TData>([NotNullWhen(true)] out TData? data) where TData : class, IEventData
    {
        data = Type == TData.Type ? EventData.Read<TData>(Data, DataVersion) : null;
        return data is not null;
    }
}
